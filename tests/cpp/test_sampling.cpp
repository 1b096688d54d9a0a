#include <doctest.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "nb101/prune.hpp"
#include "nb101/reach.hpp"
#include "nb101/sampling.hpp"
#include "nb101/search_space.hpp"
#include "nb101/valid_matrices.hpp"

namespace nb101 {

TEST_CASE("the valid matrices are right by both rules") {
  const ValidMatrices& valid = ValidMatrices::instance();
  CHECK(valid.official().matrices.size() == 1'538'083);
  CHECK(valid.raw_9().matrices.size() == 573'494);
  std::size_t count = 0;
  for (std::uint32_t matrix = 0; matrix <= kMatrixMask; ++matrix) {
    const std::uint32_t pruned = prune_matrix(matrix);
    const bool expected = pruned != 0 && std::popcount(pruned) <= kMaxEdges;
    REQUIRE(valid.official().set.has(matrix | label_bits(2, 3)) == expected);
    if (expected) REQUIRE(valid.official().matrices[count++] == matrix);
  }
}

TEST_CASE("reach finds the vertices that pruning keeps") {
  for (std::uint32_t matrix = 0; matrix <= kMatrixMask; matrix += 3) {
    const Graph graph = unpack(matrix);
    REQUIRE(reach_of(matrix).live() == live_vertices(graph.successors.data(), kMaxVertices));
  }
}

TEST_CASE("every sampler draws only codes of its set, and it draws many of them") {
  const SearchSpace& space = SearchSpace::instance();
  std::vector<Code> codes(100'000);
  sample(Sampling::cells, 1, codes);
  for (const Code code : codes) REQUIRE(space.codes()[space.id(code)] == code);
  sample(Sampling::raw, 1, codes);
  CHECK(std::ranges::all_of(codes, [&](Code code) { return space.id(code) != kNoCell; }));
  sample(Sampling::raw_9, 1, codes);
  CHECK(std::ranges::all_of(codes, [&](Code code) {
    return space.id(code) != kNoCell && std::popcount(code & kMatrixMask) <= kMaxEdges;
  }));
  sample(Sampling::all, 1, codes);
  CHECK(std::ranges::none_of(codes, code_faults));
  for (int n = 2; n <= kMaxVertices; ++n) {
    sample_of_vertices(n, 1, codes);
    for (const Code code : codes) REQUIRE(prune(unpack(code))->num_vertices == n);
    std::ranges::sort(codes);
    const auto last = std::unique(codes.begin(), codes.end());
    constexpr std::array<std::ptrdiff_t, 6> kSeen = {1, 6, 84, 2'441, 40'000, 80'000};
    CHECK(last - codes.begin() >= kSeen[static_cast<std::size_t>(n - 2)]);
    codes.assign(100'000, 0);
  }
}

}  // namespace nb101
