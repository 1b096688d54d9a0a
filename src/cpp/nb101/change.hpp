// A change of a code is packed like a code. Its matrix bits are the edges to flip, and its labels
// are added to those of the code modulo 3.
#pragma once

#include <array>
#include <cstddef>

#include "nb101/cell.hpp"

namespace nb101 {

inline constexpr int kNumSingleChanges = kMatrixBits + 2 * kMaxInterior;

// All changes of a single edge, and all changes of a single label to one of its two other values.
inline constexpr std::array<Code, kNumSingleChanges> kSingleChanges = [] {
  std::array<Code, kNumSingleChanges> changes{};
  for (std::size_t edge = 0; edge < kMatrixBits; ++edge) changes[edge] = Code{1} << edge;
  for (int i = 0; i < 2 * kMaxInterior; ++i) {
    changes[static_cast<std::size_t>(kMatrixBits + i)] = label_bits(1 + i % 2, 1 + i / 2);
  }
  return changes;
}();

// Returns the code after the change. Neither may have a label 3.
//
// All labels are added at once. Each label has a low and a high bit: 0 is 00, 1 is 01, 2 is 10. A
// sum modulo 3 is 1 for 1 + 0, 0 + 1 and 2 + 2, and it is 2 for 2 + 0, 0 + 2 and 1 + 1.
constexpr Code changed(Code code, Code change) noexcept {
  const auto low = [](Code c) { return c & kLowLabelBits; };
  const auto high = [](Code c) { return c >> 1 & kLowLabelBits; };
  const auto zero = [](Code c) { return ~(c | c >> 1) & kLowLabelBits; };
  const Code ones =
      (low(code) & zero(change)) | (zero(code) & low(change)) | (high(code) & high(change));
  const Code twos =
      (high(code) & zero(change)) | (zero(code) & high(change)) | (low(code) & low(change));
  return ((code ^ change) & kMatrixMask) | ones | twos << 1;
}

}  // namespace nb101
