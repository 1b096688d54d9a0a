// A table that gathers runs in the order of the input before they are written as an index. It keeps
// them in columns, which take little memory.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "nb101/exact_column.hpp"
#include "nb101/findings.hpp"
#include "nb101/metrics.hpp"
#include "nb101/search_space.hpp"

namespace nb101 {

class IndexView;

// The columns of a run table. Each has one element for each run.
struct RunColumns {
  std::vector<std::int32_t> cell_ids;
  std::vector<std::uint32_t> graphs;
  ExactColumn epochs;
  std::array<ExactColumn, kNumColumns> metrics;  // by column_slot; the column of graphs is empty
};

class RunTable {
 public:
  void reserve(std::size_t runs);
  // Appends runs, whose cells must be in the space.
  void append(std::span<const Run> runs, int threads = 1);
  std::size_t size() const noexcept { return columns_.cell_ids.size(); }

  // Appends every run of an index, in the order of its records.
  void append_index(const IndexView& index);

  const RunColumns& columns() const noexcept { return columns_; }
  Findings& findings() noexcept { return findings_; }

 private:
  RunColumns columns_;
  Findings findings_;
};

}  // namespace nb101
