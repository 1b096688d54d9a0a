#include <doctest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "nb101/edit_distance.hpp"
#include "nb101/prune.hpp"
#include "nb101/sampling.hpp"
#include "simd_levels.hpp"

namespace nb101 {
namespace {

// Compares the elements of both matrices, for all orders of the second cell's vertices.
int plain_cell_distance(Code a, Code b) {
  const Graph first = *prune(unpack(a));
  const Graph second = *prune(unpack(b));
  const auto place = [](const Graph& graph, int v) {
    return v + 1 == graph.num_vertices ? kMaxVertices - 1 : v;
  };
  std::array<int, kMaxVertices> order;
  std::iota(order.begin(), order.end(), 0);
  int least = 99;
  do {
    bool edges[kMaxVertices][kMaxVertices] = {};
    std::array<int, kMaxVertices> labels;
    labels.fill(-1);
    for (int v = 0; v < first.num_vertices; ++v) {
      labels[place(first, v)] = static_cast<int>(first.labels[v]);
      for (int w = 0; w < first.num_vertices; ++w) {
        if (first.successors[v] >> w & 1) edges[place(first, v)][place(first, w)] = true;
      }
    }
    int difference = 0;
    for (int v = 0; v < second.num_vertices; ++v) {
      const int at = order[place(second, v)];
      if (v > 0 && v + 1 < second.num_vertices && labels[at] >= 0) {
        difference += labels[at] != second.labels[v];
      }
      for (int w = 0; w < second.num_vertices; ++w) {
        if (second.successors[v] >> w & 1) edges[at][order[place(second, w)]] ^= true;
      }
    }
    for (const auto& row : edges) difference += static_cast<int>(std::ranges::count(row, true));
    least = std::min(least, difference);
  } while (std::next_permutation(order.begin() + 1, order.end() - 1));
  return least;
}

}  // namespace

TEST_CASE("the distance of two cells is the least over all ways to match their vertices") {
  std::vector<Code> codes(300), others(300);
  sample(Sampling::cells, 1, codes);
  sample(Sampling::raw, 2, others);
  others[7] = codes[7];
  codes[8] = 0;
  others[9] = kUnusedCodeBit;
  at_every_simd_level([&] {
    std::vector<std::int32_t> distances(codes.size());
    cell_distances(codes, others, distances.data());
    CHECK(distances[7] == 0);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const int expected = i == 8 || i == 9 ? -1 : plain_cell_distance(codes[i], others[i]);
      REQUIRE(distances[i] == expected);
    }
  });
}

TEST_CASE("raw distances count edges and labels") {
  const std::vector<Code> codes = {0, 0, kMatrixMask, label_bits(1, 1), label_bits(2, 5) | 1};
  const std::vector<Code> others = {0, 3, 0, label_bits(2, 1), label_bits(1, 4)};
  at_every_simd_level([&] {
    std::vector<std::int32_t> distances(codes.size());
    raw_distances(codes, others, distances.data());
    CHECK(distances == std::vector<std::int32_t>{0, 2, 21, 1, 3});
  });
}

}  // namespace nb101
