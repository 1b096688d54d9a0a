#include <doctest.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "nb101/prune.hpp"
#include "nb101/sampling.hpp"
#include "nb101/search_space.hpp"

namespace nb101 {

TEST_CASE("every sampler draws only codes of its set, and it draws many of them") {
  const SearchSpace& space = SearchSpace::instance();
  std::vector<Code> codes(100'000);
  sample(Sampling::cells, 1, codes);
  CHECK(
      std::ranges::all_of(codes, [&](Code code) { return space.codes()[space.id(code)] == code; }));
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
    CHECK(std::ranges::all_of(codes,
                              [&](Code code) { return prune(unpack(code))->num_vertices == n; }));
    std::ranges::sort(codes);
    const auto last = std::unique(codes.begin(), codes.end());
    constexpr std::array<std::ptrdiff_t, 6> kSeen = {1, 6, 84, 2'441, 40'000, 80'000};
    CHECK(last - codes.begin() >= kSeen[static_cast<std::size_t>(n - 2)]);
    codes.assign(100'000, 0);
  }
}

}  // namespace nb101
