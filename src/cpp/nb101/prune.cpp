#include "nb101/prune.hpp"

#include <bit>

namespace nb101 {

Graph keep_vertices(const Graph& graph, std::uint32_t live) noexcept {
  Graph kept;
  for (int v = 0; v < graph.num_vertices; ++v) {
    if (!(live >> v & 1)) continue;
    const int place = kept.num_vertices++;
    kept.labels[place] = graph.labels[v];
    for (std::uint32_t rest = graph.successors[v] & live; rest; rest &= rest - 1) {
      // The new place of a vertex is the number of live vertices below it.
      const std::uint32_t below = live & ((1u << std::countr_zero(rest)) - 1);
      kept.successors[place] |= 1u << std::popcount(below);
    }
  }
  return kept;
}

std::optional<Graph> prune(const Graph& graph) noexcept {
  const std::uint32_t live = live_vertices(graph.successors.data(), graph.num_vertices);
  if (live == 0) return std::nullopt;
  return keep_vertices(graph, live);
}

std::uint32_t prune_matrix(std::uint32_t matrix) noexcept {
  std::uint32_t successors[kMaxVertices] = {};
  for (int v = 0; v < kMaxVertices - 1; ++v) successors[v] = row_successors(matrix, v);
  const std::uint32_t live = live_vertices(successors, kMaxVertices);
  std::uint32_t pruned = 0;
  for (int v = 0; v < kMaxVertices - 1; ++v) {
    if (live >> v & 1) pruned |= ((successors[v] & live) >> (v + 1)) << row_offset(v);
  }
  return pruned;
}

bool is_pruned(Code code) noexcept {
  const auto pruned = prune(unpack(code));
  return pruned && pack(*pruned) == code;
}

}  // namespace nb101
