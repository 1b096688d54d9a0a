#include <doctest.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>
#include <set>

#include "nb101/canonical.hpp"
#include "nb101/prune.hpp"
#include "random_cells.hpp"

namespace nb101 {
namespace {

// Returns the graph with vertex v at place[v], or nothing if an edge would go downward.
std::optional<Graph> moved(const Graph& graph, const std::array<int, kMaxVertices>& place) {
  Graph result;
  result.num_vertices = graph.num_vertices;
  for (int v = 0; v < graph.num_vertices; ++v) {
    result.labels[place[v]] = graph.labels[v];
    for (int w = v + 1; w < graph.num_vertices; ++w) {
      if (!(graph.successors[v] >> w & 1)) continue;
      if (place[w] < place[v]) return std::nullopt;
      result.successors[place[v]] |= 1u << place[w];
    }
  }
  return result;
}

CanonicalForm form_as_it_is(const Graph& graph) {
  CanonicalForm form{graph.num_vertices, 0, {}};
  for (int y = 1; y < graph.num_vertices; ++y) {
    for (int x = 0; x < y; ++x) {
      if (graph.successors[x] >> y & 1) form.bits |= 1u << (x + y * (y - 1) / 2);
    }
    if (y + 1 < graph.num_vertices) form.labels[y - 1] = graph.labels[y];
  }
  return form;
}

// Calls visit(graph) for every order of the interior vertices in which all edges go upward.
template <class Visit>
void for_each_order(const Graph& graph, Visit visit) {
  std::array<int, kMaxVertices> place{};
  std::iota(place.begin(), place.end(), 0);
  do {
    if (const auto other = moved(graph, place)) visit(*other);
  } while (std::next_permutation(place.begin() + 1, place.begin() + graph.num_vertices - 1));
}

}  // namespace

TEST_CASE("the canonical form is the least form of all orders, and every order leads to it") {
  RandomCells random(5);
  for (int i = 0; i < 400; ++i) {
    const Graph graph = random.graph(2 + static_cast<int>(random.below(6)), 45);
    CanonicalForm least = form_as_it_is(graph);
    for_each_order(graph,
                   [&](const Graph& other) { least = std::min(least, form_as_it_is(other)); });
    for_each_order(graph, [&](const Graph& other) { REQUIRE(canonical_form(other) == least); });
  }
}

TEST_CASE("labels decide between orders with equal edge bits") {
  Graph diamond;  // the input feeds two vertices, and both feed the output
  diamond.num_vertices = 4;
  diamond.successors = {0b0110, 0b1000, 0b1000};
  diamond.labels = {0, 2, 1};
  const CanonicalForm form = canonical_form(diamond);
  CHECK(form.labels[0] == 1);
  CHECK(form.labels[1] == 2);
  CHECK(canonical_structure(diamond).relabelings.size() == 2);
}

TEST_CASE("each relabelling leads to the canonical structure") {
  RandomCells random(6);
  for (int i = 0; i < 500; ++i) {
    const Graph graph = random.graph(kMaxVertices, 40, 1);
    const CanonicalStructure structure = canonical_structure(graph);
    REQUIRE_FALSE(structure.relabelings.empty());
    for (const Relabeling& relabeling : structure.relabelings) {
      std::array<int, kMaxVertices> place{};
      place[kMaxVertices - 1] = kMaxVertices - 1;
      for (int v = 1; v <= kMaxInterior; ++v) place[v] = relabeling[v - 1] + 1;
      const auto canonical = moved(graph, place);
      REQUIRE(canonical.has_value());
      REQUIRE(same_graph(*canonical, structure_graph(kMaxVertices, structure.bits)));
    }
  }
}

TEST_CASE("there are 6,472 pruned graphs without labels, and 2,494 up to isomorphism") {
  std::array<std::set<std::uint32_t>, kMaxVertices + 1> graphs;
  std::set<std::pair<int, std::uint32_t>> classes;
  for (std::uint32_t matrix = 1; matrix <= kMatrixMask; ++matrix) {
    if (prune_matrix(matrix) != matrix || std::popcount(matrix) > kMaxEdges) continue;
    const Graph graph = prune(unpack(matrix)).value();
    if (!graphs[static_cast<std::size_t>(graph.num_vertices)].insert(pack(graph)).second) continue;
    const CanonicalStructure structure = canonical_structure(graph);
    classes.emplace(structure.num_vertices, structure.bits);
  }
  const std::size_t expected[] = {1, 2, 10, 121, 1'545, 4'793};
  for (std::size_t n = 2; n <= kMaxVertices; ++n) CHECK(graphs[n].size() == expected[n - 2]);
  CHECK(classes.size() == 2'494);
}

}  // namespace nb101
