// Goes through the records of an index in the order of the file from which it was compiled.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nb101/index.hpp"

namespace nb101 {

struct RunPlace {
  std::uint32_t row;
  std::uint32_t budget;
  std::uint32_t repeat;
};

// Returns all rows in the official order of cells, which is the order of their hashes.
std::vector<std::uint32_t> rows_by_hash(const IndexView& index);

class RecordOrder {
 public:
  explicit RecordOrder(const IndexView& index);  // keeps a reference to the index

  // Returns the next record, or nothing at the end. Throws FormatError if the order names a run
  // that the index does not have, which is possible in an unverified file.
  std::optional<RunPlace> next();

 private:
  std::optional<RunPlace> next_official();

  const IndexView& index_;
  // If the order is the official one, position_ counts the rows, and budget_ and repeat_ are the
  // next run of the row. Otherwise position_ counts the records of the order, and repeats_ holds
  // how many runs of each row and budget have been passed.
  std::vector<std::uint32_t> rows_by_hash_;
  std::vector<std::uint16_t> repeats_;
  std::size_t position_ = 0;
  std::uint32_t budget_ = 0;
  std::uint32_t repeat_ = 0;
};

}  // namespace nb101
