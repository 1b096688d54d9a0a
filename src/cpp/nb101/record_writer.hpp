// The records of an index as they stood in its input, byte for byte and in the same order.
#pragma once

#include <cstdint>
#include <vector>

#include "nb101/index.hpp"
#include "nb101/record_order.hpp"

namespace nb101 {

class RecordWriter {
 public:
  explicit RecordWriter(const IndexView& index) : index_(index), order_(index) {}

  // The frames of at most `most` further records; empty when all have been written.
  std::vector<std::uint8_t> next(std::size_t most, int threads);

 private:
  const IndexView& index_;
  RecordOrder order_;
};

}  // namespace nb101
