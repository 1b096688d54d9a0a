// Which record of each cell came first in the compiled file: the official reader takes the cell's
// graph and parameters from that one, and lists the cells in this order.
#pragma once

#include <cstdint>
#include <vector>

#include "nb101/index.hpp"

namespace nb101 {

class FirstRecords {
 public:
  // Keeps the reference.
  explicit FirstRecords(const IndexView& index);

  // The budget of the row's first record; it is repeat 0 there.
  std::size_t budget(std::size_t row) const noexcept;

  // All rows, by first record.
  std::vector<std::int32_t> rows() const;

 private:
  const IndexView& index_;
  std::vector<std::int32_t> budgets_;  // by row; empty where the records are in official order
};

}  // namespace nb101
