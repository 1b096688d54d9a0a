#include <doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "nb101/neighbors.hpp"
#include "nb101/search_space.hpp"
#include "random_cells.hpp"

namespace nb101 {
namespace {

std::vector<std::int32_t> plain_neighbors(Code code) {
  const SearchSpace& space = SearchSpace::instance();
  std::set<std::int32_t> ids;
  for (int edge = 0; edge < kMatrixBits; ++edge) ids.insert(space.id(code ^ Code{1} << edge));
  for (int v = 1; v <= kMaxInterior; ++v) {
    for (int label = 0; label < 3; ++label) {
      ids.insert(space.id((code & ~label_bits(3, v)) | label_bits(label, v)));
    }
  }
  ids.erase(kNoCell);
  ids.erase(space.id(code));
  return {ids.begin(), ids.end()};
}

}  // namespace

TEST_CASE("neighbours are the cells that a single change leads to") {
  RandomCells random(21);
  for (int i = 0; i < 5000; ++i) {
    const Code code = random.code();
    const Neighbors neighbors(code);
    REQUIRE(std::ranges::equal(neighbors.ids(), plain_neighbors(code)));
  }
}

TEST_CASE("the table has the neighbours of every cell, with any number of threads") {
  const NeighborTable table = neighbor_table(1);
  const auto codes = SearchSpace::instance().codes();
  REQUIRE(table.starts.size() == codes.size() + 1);
  REQUIRE(table.ids.size() == 7'653'143);
  for (std::size_t cell = 0; cell < codes.size(); cell += 97) {
    const auto begin = table.ids.begin() + table.starts[cell];
    const auto end = table.ids.begin() + table.starts[cell + 1];
    REQUIRE(std::vector<std::int32_t>(begin, end) == plain_neighbors(codes[cell]));
  }
  const NeighborTable other = neighbor_table(3);
  CHECK(other.starts == table.starts);
  CHECK(other.ids == table.ids);
}

}  // namespace nb101
