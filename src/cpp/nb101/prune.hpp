// Pruning: only vertices on a path from input to output count (Ying et al., 2019, section 2).
#pragma once

#include <cstdint>
#include <optional>

#include "nb101/cell.hpp"

namespace nb101 {

// The vertices on such a path, as bits; 0 where nothing joins input and output.
constexpr std::uint32_t live_vertices(const std::uint32_t* successors, int n) noexcept {
  std::uint32_t reached = 1;
  for (int v = 0; v < n - 1; ++v) {
    if (reached >> v & 1) reached |= successors[v];
  }
  std::uint32_t reaching = 1u << (n - 1);
  for (int v = n - 2; v >= 0; --v) {
    if (successors[v] & reaching) reaching |= 1u << v;
  }
  return (reaching & 1) ? reached & reaching : 0;
}

// The graph without its dead vertices, in the order given; none where nothing is left.
std::optional<Graph> prune(const Graph& graph) noexcept;

// Keeps the vertices of `live` (input and output among them) and closes the gaps.
Graph keep_vertices(const Graph& graph, std::uint32_t live) noexcept;

// The 21 matrix bits of a code without the edges of dead vertices, which keep their places.
std::uint32_t prune_matrix(std::uint32_t matrix) noexcept;

}  // namespace nb101
