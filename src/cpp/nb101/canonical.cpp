#include "nb101/canonical.hpp"

#include <bit>
#include <cassert>
#include <limits>

namespace nb101 {
namespace {

// Tries every order of the interior vertices in which all edges go from lower to higher vertices.
// It keeps the least edge bits, and every relabelling that gives them.
class Search {
 public:
  explicit Search(const Graph& graph) : graph_(graph), output_(graph.num_vertices - 1) {
    assert(graph.num_vertices <= kMaxVertices);
    place_[output_] = output_;
    for (int v = 0; v < output_; ++v) {
      for (std::uint32_t rest = graph.successors[v]; rest; rest &= rest - 1) {
        predecessors_[std::countr_zero(rest)] |= 1u << v;
      }
    }
  }

  CanonicalStructure run() {
    descend(1, 1u);
    return {graph_.num_vertices, best_, relabelings_};
  }

 private:
  void descend(int next_place, std::uint32_t placed) {
    if (next_place == output_) return finish();
    for (int v = 1; v < output_; ++v) {
      if (placed >> v & 1 || (predecessors_[v] & ~placed)) continue;
      place_[v] = next_place;
      descend(next_place + 1, placed | 1u << v);
    }
  }

  void finish() {
    std::uint32_t bits = 0;
    for (int v = 0; v < output_; ++v) {
      for (std::uint32_t rest = graph_.successors[v]; rest; rest &= rest - 1) {
        bits |= 1u << generator_bit(place_[v], place_[std::countr_zero(rest)]);
      }
    }
    if (bits > best_) return;
    if (bits < best_) relabelings_.clear();
    best_ = bits;
    Relabeling relabeling{};
    for (int v = 1; v < output_; ++v) relabeling[v - 1] = static_cast<std::uint8_t>(place_[v] - 1);
    relabelings_.push_back(relabeling);
  }

  const Graph& graph_;
  int output_;
  NumberedArray<int, kMaxVertices> place_{};
  NumberedArray<std::uint32_t, kMaxVertices> predecessors_{};
  std::uint32_t best_ = std::numeric_limits<std::uint32_t>::max();
  std::vector<Relabeling> relabelings_;
};

}  // namespace

CanonicalStructure canonical_structure(const Graph& graph) { return Search(graph).run(); }

CanonicalForm canonical_form(const Graph& graph) {
  const CanonicalStructure structure = canonical_structure(graph);
  CanonicalForm best{};
  bool first = true;
  for (const Relabeling& relabeling : structure.relabelings) {
    CanonicalForm form{structure.num_vertices, structure.bits, {}};
    for (int i = 0; i < structure.num_vertices - 2; ++i) {
      form.labels[relabeling[i]] = graph.labels[i + 1];
    }
    if (first || form < best) best = form;
    first = false;
  }
  return best;
}

Graph structure_graph(int num_vertices, std::uint32_t bits) noexcept {
  Graph graph;
  graph.num_vertices = num_vertices;
  for (int y = 1; y < num_vertices; ++y) {
    for (int x = 0; x < y; ++x) {
      if (bits >> generator_bit(x, y) & 1) graph.successors[x] |= 1u << y;
    }
  }
  return graph;
}

}  // namespace nb101
