#include <doctest.h>

#include <algorithm>
#include <vector>

#include "nb101/cell_shape.hpp"
#include "nb101/cell_traits.hpp"
#include "nb101/macs.hpp"
#include "nb101/prune.hpp"
#include "nb101/search_space.hpp"
#include "random_cells.hpp"

namespace nb101 {
namespace {

std::vector<std::int32_t> traits(Trait trait, std::span<const Code> codes) {
  std::vector<std::int32_t> values(codes.size());
  traits_of(trait, codes, values.data());
  return values;
}

// Finds the longest path by trying all paths.
int plain_depth(const Graph& graph, int from) {
  int deepest = 0;
  for (int w = from + 1; w < graph.num_vertices; ++w) {
    if (graph.successors[from] >> w & 1) deepest = std::max(deepest, 1 + plain_depth(graph, w));
  }
  return deepest;
}

}  // namespace

TEST_CASE("the traits of a code are those of its cell") {
  RandomCells random(41);
  std::vector<Code> codes(5000);
  for (Code& code : codes) code = random.code();
  std::vector<std::int64_t> macs(codes.size());
  macs_of(codes, macs.data());
  const auto vertices = traits(Trait::num_vertices, codes);
  const auto edges = traits(Trait::num_edges, codes);
  const auto depths = traits(Trait::depth, codes);
  const auto parameters = traits(Trait::parameters, codes);
  const SearchSpace& space = SearchSpace::instance();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::int32_t id = space.id(codes[i]);
    if (id == kNoCell) {
      REQUIRE(std::max({vertices[i], edges[i], depths[i], parameters[i]}) == kNoTrait);
      REQUIRE(macs[i] == kNoTrait);
      continue;
    }
    const Graph graph = *prune(unpack(codes[i]));
    REQUIRE(vertices[i] == graph.num_vertices);
    REQUIRE(edges[i] == num_edges(graph));
    REQUIRE(depths[i] == plain_depth(graph, 0));
    const auto place = static_cast<std::size_t>(id);
    REQUIRE(parameters[i] == static_cast<std::int32_t>(space.parameters()[place]));
    REQUIRE(macs[i] == count_macs(*prune(unpack(space.codes()[place]))));
  }
}

TEST_CASE("a chain, a fan and a crossing have the right widths") {
  const auto width_of = [](std::initializer_list<std::pair<int, int>> edges) {
    Code code = 0;
    for (const auto& [v, w] : edges) code |= Code{1} << (row_offset(v) + w - v - 1);
    return static_cast<int>(shape_of(code).width);
  };
  CHECK(width_of({{0, 6}}) == 1);
  CHECK(width_of({{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}}) == 1);
  CHECK(width_of({{0, 1}, {0, 2}, {0, 3}, {0, 6}, {1, 6}, {2, 6}, {3, 6}}) == 4);
  // If edges were allowed to go back, a cut with 3 of these edges would exist.
  CHECK(width_of({{0, 1}, {1, 2}, {2, 3}, {3, 6}, {0, 6}}) == 2);
  CHECK(width_of({{0, 1}, {0, 2}, {0, 3}, {0, 4}, {1, 2}, {1, 3}, {1, 6}, {2, 6}, {3, 6}}) >= 4);
}

TEST_CASE("the MACs of a cell without operations are those of its projections") {
  Graph direct;
  direct.num_vertices = 2;
  direct.successors[0] = 2;
  const std::int64_t stem = 1024 * 27 * 128;
  const std::int64_t stacks =
      1024 * 3 * 128 * 128 + 256 * (128 * 256 + 2 * 256 * 256) + 64 * (256 * 512 + 2 * 512 * 512);
  CHECK(count_macs(direct) == stem + stacks + 5120);
}

}  // namespace nb101
