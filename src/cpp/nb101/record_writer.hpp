// The records of an index as they stood in its input, byte for byte and in the same order.
#pragma once

#include <cstdint>
#include <vector>

#include "nb101/index.hpp"

namespace nb101 {

class RecordWriter {
 public:
  explicit RecordWriter(const IndexView& index);

  // The frames of at most `most` further records; empty when all have been written.
  std::vector<std::uint8_t> next(std::size_t most, int threads);

 private:
  struct Place {
    std::uint32_t row;
    std::uint32_t budget;
    std::uint32_t repeat;
  };

  std::vector<Place> next_places(std::size_t most);
  void take_ordered(std::vector<Place>& places, std::size_t most);
  void take_official(std::vector<Place>& places, std::size_t most);

  const IndexView& index_;
  std::vector<std::uint32_t> rows_by_hash_;  // of the official order
  std::vector<std::uint16_t> repeats_;       // of another: written so far, by row and budget
  std::size_t position_ = 0;                 // in either
};

}  // namespace nb101
