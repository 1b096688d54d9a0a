#include <doctest.h>

#include <bit>

#include "nb101/prune.hpp"
#include "nb101/valid_matrices.hpp"

namespace nb101 {

TEST_CASE("the valid matrices are right by both rules") {
  const ValidMatrices& valid = ValidMatrices::instance();
  REQUIRE(valid.official().matrices.size() == 1'538'083);
  CHECK(valid.raw_9().matrices.size() == 573'494);
  std::size_t count = 0;
  std::size_t wrong = 0;
  for (std::uint32_t matrix = 0; matrix <= kMatrixMask; ++matrix) {
    const std::uint32_t pruned = prune_matrix(matrix);
    const bool expected = pruned != 0 && std::popcount(pruned) <= kMaxEdges;
    if (valid.official().set.has(matrix | label_bits(2, 3)) != expected) ++wrong;
    if (expected && valid.official().matrices[count++] != matrix) ++wrong;
  }
  CHECK(wrong == 0);
}

}  // namespace nb101
