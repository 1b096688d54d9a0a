#include <doctest.h>

#include <array>
#include <bit>

#include "nb101/prune.hpp"
#include "random_cells.hpp"

namespace nb101 {
namespace {

// Finds the live vertices by the transitive closure of the edges.
std::uint32_t plain_live_vertices(const Graph& graph) {
  const int n = graph.num_vertices;
  std::array<std::uint32_t, kMaxGraphVertices> reached{};
  for (int v = n - 1; v >= 0; --v) {
    reached[v] = 1u << v;
    for (int w = v + 1; w < n; ++w) {
      if (graph.successors[v] >> w & 1) reached[v] |= reached[w];
    }
  }
  std::uint32_t live = 0;
  for (int v = 0; v < n; ++v) {
    if ((reached[0] >> v & 1) && (reached[v] >> (n - 1) & 1)) live |= 1u << v;
  }
  return live;
}

}  // namespace

TEST_CASE("every matrix is pruned to the paths from input to output") {
  int valid = 0;
  int valid_unpruned = 0;
  int whole = 0;
  bool agree = true;
  for (std::uint32_t matrix = 0; matrix <= kMatrixMask; ++matrix) {
    const Graph graph = unpack(matrix);
    const std::uint32_t live = plain_live_vertices(graph);
    std::uint32_t expected = 0;
    for (int v = 0; v < kMaxVertices; ++v) {
      if (live >> v & 1) expected |= (graph.successors[v] & live) >> (v + 1) << row_offset(v);
    }
    const std::uint32_t pruned = prune_matrix(matrix);
    agree &= live == live_vertices(graph.successors.data(), kMaxVertices) && pruned == expected;
    if (pruned == 0 || std::popcount(pruned) > kMaxEdges) continue;
    ++valid;
    valid_unpruned += std::popcount(matrix) <= kMaxEdges;
    whole += pruned == matrix && std::popcount(live) == kMaxVertices;
  }
  CHECK(agree);
  CHECK(valid == 1'538'083);         // valid by the official rule
  CHECK(valid_unpruned == 573'494);  // valid by the rule of nas_benchmarks
  CHECK(whole == 4'793);
}

TEST_CASE("pruning removes vertices, keeps labels and order, and pruning again changes nothing") {
  RandomCells random(4);
  int pruned_away = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Graph graph = random.graph(2 + static_cast<int>(random.below(31)), 10, 1000);
    const std::uint32_t live = plain_live_vertices(graph);
    const auto pruned = prune(graph);
    REQUIRE(pruned.has_value() == (live != 0));
    if (!pruned) {
      ++pruned_away;
      continue;
    }
    REQUIRE(pruned->num_vertices == std::popcount(live));
    int place = 0;
    for (int v = 0; v < graph.num_vertices; ++v) {
      if (live >> v & 1) REQUIRE(pruned->labels[place++] == graph.labels[v]);
    }
    REQUIRE(same_graph(*prune(*pruned), *pruned));
  }
  CHECK(pruned_away > 100);
}

TEST_CASE("a chain with the greatest number of vertices stays whole") {
  Graph chain;
  chain.num_vertices = kMaxGraphVertices;
  for (int v = 0; v + 1 < kMaxGraphVertices; ++v) chain.successors[v] = 1u << (v + 1);
  CHECK(same_graph(prune(chain).value(), chain));
  chain.successors[15] = 0;
  CHECK_FALSE(prune(chain).has_value());
}

TEST_CASE("a stored graph has one code: the pruned graph without gaps between its vertices") {
  RandomCells random(5);
  int pruned_codes = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Code code = random.code();
    const auto pruned = prune(unpack(code));
    if (!pruned) {
      REQUIRE_FALSE(is_pruned(code));
      continue;
    }
    REQUIRE(is_pruned(pack(*pruned)));
    REQUIRE(is_pruned(code) == (pack(*pruned) == code));
    pruned_codes += is_pruned(code);
  }
  CHECK(pruned_codes > 100);
  CHECK_FALSE(is_pruned(1 << 5 | label_bits(1, 3)));  // the edge from input to output, and a label
}

}  // namespace nb101
