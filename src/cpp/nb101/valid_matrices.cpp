#include "nb101/valid_matrices.hpp"

#include <bit>

#include "nb101/lazy.hpp"
#include "nb101/search_space.hpp"

namespace nb101 {

ValidMatrices::ValidMatrices() {
  const SearchSpace& space = SearchSpace::instance();
  for (std::uint32_t matrix = 0; matrix <= kMatrixMask; ++matrix) {
    if (space.id(matrix) == kNoCell) continue;
    official_.add(matrix);
    if (std::popcount(matrix) <= kMaxEdges) raw_9_.add(matrix);
  }
}

const ValidMatrices& ValidMatrices::instance() {
  constinit static Lazy<ValidMatrices> matrices;
  return matrices.get([] { return ValidMatrices(); });
}

}  // namespace nb101
