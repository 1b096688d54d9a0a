// The records of an index in the order of its input.
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

// All rows in the official order of cells.
std::vector<std::uint32_t> rows_by_hash(const IndexView& index);

class RecordOrder {
 public:
  explicit RecordOrder(const IndexView& index);  // keeps the reference

  // None at the end. Throws FormatError where the order, unverified, names a run that isn't there.
  std::optional<RunPlace> next();

 private:
  std::optional<RunPlace> next_official();

  const IndexView& index_;
  std::vector<std::uint32_t> rows_by_hash_;  // of the official order
  std::vector<std::uint16_t> repeats_;       // of another: passed so far, by row and budget
  std::size_t position_ = 0;                 // in either
  std::uint32_t budget_ = 0;                 // of the official order, within a row
  std::uint32_t repeat_ = 0;
};

}  // namespace nb101
