// Finds the record of each cell that came first in the compiled file. The official reader takes the
// cell's graph and parameters from this record, and it lists the cells in the order of these
// records.
#pragma once

#include <cstdint>
#include <vector>

#include "nb101/index.hpp"

namespace nb101 {

class FirstRecords {
 public:
  // Keeps a reference to the index.
  explicit FirstRecords(const IndexView& index);

  // The budget of the first record of a row. The record is repeat 0 of that budget.
  std::size_t budget(std::size_t row) const noexcept;

  // All rows in the order of their first records.
  std::vector<std::int32_t> rows() const;

 private:
  const IndexView& index_;
  std::vector<std::int32_t> budgets_;  // by row; empty if the records are in the official order
};

}  // namespace nb101
