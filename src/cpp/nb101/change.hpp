// A change packs like a code: edges to flip, and what to add to each label modulo 3.
#pragma once

#include <array>

#include "nb101/cell.hpp"

namespace nb101 {

inline constexpr int kNumSingleChanges = kMatrixBits + 2 * kMaxInterior;

// Every change of one edge, and of one label to one of its two other values.
inline constexpr std::array<Code, kNumSingleChanges> kSingleChanges = [] {
  std::array<Code, kNumSingleChanges> changes{};
  for (int edge = 0; edge < kMatrixBits; ++edge) changes[edge] = Code{1} << edge;
  for (int i = 0; i < 2 * kMaxInterior; ++i) {
    changes[kMatrixBits + i] = label_bits(1 + i % 2, 1 + i / 2);
  }
  return changes;
}();

// Of a code and a change without label 3.
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
