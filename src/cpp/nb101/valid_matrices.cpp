#include "nb101/valid_matrices.hpp"

#include <bit>

#include "nb101/search_space.hpp"

namespace nb101 {

ValidMatrices::ValidMatrices() : bits_((kMatrixMask >> kWordBits) + 1) {
  const SearchSpace& space = SearchSpace::instance();
  for (std::uint32_t matrix = 0; matrix <= kMatrixMask; ++matrix) {
    if (space.id(matrix) == kNoCell) continue;
    bits_[matrix >> kWordBits] |= std::uint64_t{1} << (matrix & ((1u << kWordBits) - 1));
    official_.push_back(matrix);
    if (std::popcount(matrix) <= kMaxEdges) raw_9_.push_back(matrix);
  }
}

const ValidMatrices& ValidMatrices::instance() {
  static const ValidMatrices matrices;
  return matrices;
}

}  // namespace nb101
