// The 3^5 labelings of the five interior vertices, at the place that labels have in a code.
#pragma once

#include <array>

#include "nb101/cell.hpp"
#include "nb101/op.hpp"

namespace nb101 {

inline constexpr int kNumLabelings = 243;

// They are in the order of itertools.product: the label of the last interior vertex changes
// fastest.
inline constexpr std::array<Code, kNumLabelings> kLabelings = [] {
  std::array<Code, kNumLabelings> labelings{};
  int number = 0;
  for (Code& labeling : labelings) {
    int rest = number++;
    for (int v = kMaxInterior; v >= 1; --v, rest /= kNumOps) {
      labeling |= label_bits(rest % kNumOps, v);
    }
  }
  return labelings;
}();

}  // namespace nb101
