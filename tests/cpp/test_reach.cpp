#include <doctest.h>

#include "nb101/prune.hpp"
#include "nb101/reach.hpp"

namespace nb101 {

TEST_CASE("reach finds the vertices that pruning keeps") {
  std::size_t wrong = 0;
  for (std::uint32_t matrix = 0; matrix <= kMatrixMask; matrix += 3) {
    const Graph graph = unpack(matrix);
    if (reach_of(matrix).live() != live_vertices(graph.successors.data(), kMaxVertices)) ++wrong;
  }
  CHECK(wrong == 0);
}

}  // namespace nb101
