// Draws random cells and graphs, which are the same in every run of the tests.
#pragma once

#include <cstdint>
#include <random>

#include "nb101/cell.hpp"

namespace nb101 {

class RandomCells {
 public:
  explicit RandomCells(std::uint32_t seed) : engine_(seed) {}

  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(engine_() % bound);  // mt19937 is the same on every platform
  }

  // Draws any matrix with labels 0..2. It may be outside the space, and it may be pruned or not.
  Code code() {
    Code code = below(1u << kMatrixBits);
    for (int v = 1; v <= kMaxInterior; ++v) code |= label_bits(static_cast<int>(below(3)), v);
    return code;
  }

  // Draws a graph with about `percent` of the possible edges and with labels below `num_labels`.
  Graph graph(int num_vertices, std::uint32_t percent, std::uint32_t num_labels = 3) {
    Graph graph;
    graph.num_vertices = num_vertices;
    for (int v = 0; v < num_vertices; ++v) {
      if (v > 0 && v + 1 < num_vertices) graph.labels[v] = below(num_labels);
      for (int w = v + 1; w < num_vertices; ++w) {
        if (below(100) < percent) graph.successors[v] |= 1u << w;
      }
    }
    return graph;
  }

 private:
  std::mt19937 engine_;
};

inline bool same_graph(const Graph& a, const Graph& b) {
  return a.num_vertices == b.num_vertices && a.successors == b.successors && a.labels == b.labels;
}

}  // namespace nb101
