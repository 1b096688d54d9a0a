// Writes the records of an index with the bytes and in the order of the file from which it was
// compiled. Fields that an index does not keep, such as those of the harness, are left out.
#pragma once

#include <cstdint>
#include <vector>

#include "nb101/index.hpp"
#include "nb101/record_order.hpp"

namespace nb101 {

class RecordWriter {
 public:
  // Keeps a reference to the index.
  explicit RecordWriter(const IndexView& index) : index_(index), order_(index) {}

  // Returns the frames of the next records, at most `most` of them. Returns nothing at the end.
  std::vector<std::uint8_t> next(std::size_t most, int threads);

 private:
  const IndexView& index_;
  RecordOrder order_;
};

}  // namespace nb101
