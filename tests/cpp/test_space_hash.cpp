#include <doctest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "nb101/search_space.hpp"
#include "nb101/space_hash.hpp"

namespace nb101 {

TEST_CASE("every hash of the space gives the id of its cell, so no two are equal") {
  const std::span<const Digest> hashes = SearchSpace::instance().hashes();
  std::vector<std::int32_t> every_id(hashes.size());
  std::iota(every_id.begin(), every_id.end(), 0);
  for (const int threads : {1, 4}) {
    std::vector<std::int32_t> ids(hashes.size());
    ids_of_hashes(hashes, ids.data(), threads);
    CHECK(ids == every_id);
  }
}

TEST_CASE("a hash with one flipped bit belongs to no cell") {
  std::vector<Digest> near(SearchSpace::instance().hashes().begin(),
                           SearchSpace::instance().hashes().end());
  for (std::size_t i = 0; i < near.size(); ++i) {
    near[i][i % 16] ^= static_cast<std::uint8_t>(1 << (i / 16) % 8);
  }
  std::vector<std::int32_t> ids(near.size());
  ids_of_hashes(near, ids.data(), 1);
  CHECK(std::ranges::all_of(ids, [](std::int32_t id) { return id == kNoCell; }));
}

}  // namespace nb101
