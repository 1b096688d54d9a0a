#include <doctest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <string>
#include <vector>

#include "nb101/canonical.hpp"
#include "nb101/graph_hash.hpp"
#include "nb101/prune.hpp"
#include "plain_md5.hpp"
#include "random_cells.hpp"
#include "simd_levels.hpp"

namespace nb101 {
namespace {

// Does the steps of the official code on strings.
Digest plain_graph_hash(const Graph& graph) {
  const int n = graph.num_vertices;
  const auto has_edge = [&](int v, int w) { return graph.successors[v] >> w & 1; };
  std::vector<std::string> hashes;
  for (int v = 0; v < n; ++v) {
    int in = 0;
    for (int u = 0; u < v; ++u) in += static_cast<int>(has_edge(u, v));
    const std::int64_t label = v == 0 ? -1 : v + 1 == n ? -2 : graph.labels[v];
    hashes.push_back(
        to_hex(plain_md5("(" + std::to_string(std::popcount(graph.successors[v])) + ", " +
                         std::to_string(in) + ", " + std::to_string(label) + ")")));
  }
  for (int round = 0; round < n; ++round) {
    std::vector<std::string> next;
    for (int v = 0; v < n; ++v) {
      std::vector<std::string> before;
      std::vector<std::string> after;
      for (int w = 0; w < n; ++w) {
        if (has_edge(w, v)) before.push_back(hashes[static_cast<std::size_t>(w)]);
        if (has_edge(v, w)) after.push_back(hashes[static_cast<std::size_t>(w)]);
      }
      std::ranges::sort(before);
      std::ranges::sort(after);
      std::string text;
      for (const std::string& hash : before) text += hash;
      text += "|";
      for (const std::string& hash : after) text += hash;
      next.push_back(to_hex(plain_md5(text + "|" + hashes[static_cast<std::size_t>(v)])));
    }
    hashes = next;
  }
  std::ranges::sort(hashes);
  std::string list;
  for (const std::string& hash : hashes) list += (list.empty() ? "'" : ", '") + hash + "'";
  return plain_md5("[" + list + "]");
}

Graph golden_cell() {
  Graph graph = structure_graph(7, 1205349);
  graph.labels = {0, 0, 2, 0, 0, 1};
  return graph;
}

// The cell of the official README.
Graph inception_cell() {
  Graph graph;
  graph.num_vertices = 7;
  graph.successors = {0b0101110, 0b1000000, 0b1000000, 0b0010000, 0b1000000, 0b1000000};
  graph.labels = {0, 1, 0, 0, 0, 2};
  return graph;
}

}  // namespace

TEST_CASE("two known cells have their official hashes") {
  at_every_simd_level([] {
    CHECK(to_hex(graph_hash(golden_cell())) == "00005c142e6f48ac74fdcf73e3439874");
    CHECK(to_hex(graph_hash(inception_cell())) == "28cfc7874f6d200472e1a9dcd8650aa0");
  });
}

TEST_CASE("graphs of every size have the hash that the official steps give") {
  RandomCells random(8);
  std::vector<Graph> graphs;
  std::vector<Digest> expected;
  for (int n = 2; n <= kMaxGraphVertices; ++n) {
    for (const std::uint32_t percent : {10u, 50u, 100u}) {
      graphs.push_back(random.graph(n, percent, n % 2 ? 3 : 2'000'000'000));
      expected.push_back(plain_graph_hash(graphs.back()));
    }
  }
  for (int i = 0; i < 200; ++i) {  // more graphs than are hashed together
    graphs.push_back(random.graph(2 + i % 6, 50));
    expected.push_back(plain_graph_hash(graphs.back()));
  }
  at_every_simd_level([&] {
    std::vector<Digest> digests(graphs.size());
    hash_graphs(graphs, digests);
    CHECK(digests == expected);
    for (std::size_t i = 0; i < graphs.size(); ++i) REQUIRE(graph_hash(graphs[i]) == expected[i]);
  });
}

TEST_CASE("codes have the hashes of their pruned graphs") {
  RandomCells random(9);
  std::vector<Code> codes;
  while (codes.size() < 200) {  // more than are hashed together
    const Code code = random.code();
    if (prune(unpack(code))) codes.push_back(code);
  }
  std::vector<Digest> digests(codes.size());
  hash_codes(codes, digests);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    REQUIRE(digests[i] == graph_hash(*prune(unpack(codes[i]))));
  }
}

TEST_CASE("labels may have 64 bits") {
  Graph graph;
  graph.num_vertices = 3;
  graph.successors = {0b010, 0b100};
  for (const std::int64_t label :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    graph.labels[1] = label;
    CHECK(graph_hash(graph) == plain_graph_hash(graph));
  }
}

TEST_CASE("the labels of input and output are ignored") {
  Graph graph = golden_cell();
  graph.labels[0] = 7;
  graph.labels[6] = 8;
  CHECK(graph_hash(graph) == graph_hash(golden_cell()));
}

}  // namespace nb101
