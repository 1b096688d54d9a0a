// Pruning removes every vertex that is not on a path from input to output (Ying et al., 2019,
// section 2). The vertices that it keeps are called live, the others dead.
#pragma once

#include <cstdint>
#include <optional>

#include "nb101/cell.hpp"

namespace nb101 {

// Returns the live vertices as bits, or 0 if no path leads from input to output.
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

// Returns the graph without its dead vertices. The others keep their order. Returns nothing if no
// path leads from input to output.
std::optional<Graph> prune(const Graph& graph) noexcept;

// Keeps the vertices of `live` and numbers them anew without gaps. Input and output must be live.
Graph keep_vertices(const Graph& graph, std::uint32_t live) noexcept;

// Returns the 21 matrix bits of a code without the edges of dead vertices. Vertices are not
// renumbered.
std::uint32_t prune_matrix(std::uint32_t matrix) noexcept;

// Returns whether the code is that of a pruned graph: its interior vertices are all live, and they
// stand before the vertices that it lacks. So every stored graph has exactly one code.
bool is_pruned(Code code) noexcept;

}  // namespace nb101
