// Writes a table of runs as an index. RunPlacement decides where each run belongs, encode_column
// decides how a column is stored, and IndexAssembly puts the parts together.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nb101/column_encoding.hpp"
#include "nb101/file_format.hpp"
#include "nb101/index.hpp"
#include "nb101/index_writer.hpp"
#include "nb101/perfect_hash.hpp"
#include "nb101/run_placement.hpp"
#include "nb101/run_table.hpp"

namespace nb101 {

// What was written.
struct WrittenIndex {
  std::uint64_t bytes = 0;
  std::uint32_t denominator = 0;
  std::vector<std::string> wide_columns;  // the stored columns for which is_wide is true
};

class IndexAssembly {
 public:
  // Keeps references to both. `base` is the index to update, or null. Throws std::invalid_argument
  // if there are no runs, or more than a file can hold.
  explicit IndexAssembly(const RunTable& table, const IndexView* base = nullptr, int threads = 1);

  const IndexSummary& summary() const noexcept { return placement_.summary(); }
  // The cell ids of the rows, which are those of own columns too.
  std::span<const std::int32_t> cells() const noexcept { return placement_.cells(); }

  // Writes the file atomically. Accuracies are stored as counts of `denominator`. If it is 0, that
  // of the base is used, or else one is found from the accuracies.
  WrittenIndex write(const std::string& path, std::string_view provenance,
                     std::uint32_t denominator, std::span<const OwnColumn> own_columns = {});

 private:
  std::size_t count_sections() const;
  PerfectHashTables hash_tables() const;
  std::uint32_t chosen_denominator() const;
  std::vector<double> sample_accuracies() const;
  std::vector<SectionEntry> column_entries() const;
  void write_cells(IndexWriter& writer, std::string_view provenance,
                   const PerfectHashTables& tables) const;
  void write_run_counts(IndexWriter& writer, std::uint16_t budget) const;
  void write_column(IndexWriter& writer, SectionEntry entry, const EncodedColumn& column);
  EncodedColumn encoded(const SectionEntry& entry) const;
  template <class T>
  EncodedColumn scattered(const SectionEntry& entry, std::span<const T> elements) const;
  std::vector<double> gathered(const SectionEntry& entry) const;
  void gather_base(const SectionEntry& entry, std::vector<double>& values) const;

  const RunColumns& columns_;
  const IndexView* base_;
  RunPlacement placement_;
  WrittenIndex written_;
  int threads_;
};

}  // namespace nb101
