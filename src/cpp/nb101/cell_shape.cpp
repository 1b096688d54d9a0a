#include "nb101/cell_shape.hpp"

#include <algorithm>
#include <bit>

#include "nb101/numbered_array.hpp"
#include "nb101/prune.hpp"

namespace nb101 {
namespace {

int depth_of(const Graph& graph) noexcept {
  NumberedArray<int, kMaxVertices> depth{};
  for (int v = 0; v < graph.num_vertices; ++v) {
    for (std::uint32_t rest = graph.successors[v]; rest; rest &= rest - 1) {
      int& below = depth[std::countr_zero(rest)];
      below = std::max(below, depth[v] + 1);
    }
  }
  return depth[graph.num_vertices - 1];
}

// Tries every set of vertices that contains the input as one side of a cut. If an edge goes back,
// the count restarts at -kMaxEdges and cannot get above 0, so the cut is ruled out.
int width_of(const Graph& graph) noexcept {
  const int output = graph.num_vertices - 1;
  int widest = 0;
  for (std::uint32_t side = 1; side < 1u << output; side += 2) {  // bit 0, the input, stays set
    int cut = 0;
    for (int v = 0; v < output; ++v) {
      if (side >> v & 1) {
        cut += std::popcount(graph.successors[v] & ~side);
      } else if (graph.successors[v] & side) {
        cut = -kMaxEdges;
      }
    }
    widest = std::max(widest, cut);
  }
  return widest;
}

}  // namespace

CellShape shape_of(Code code) noexcept {
  const Graph graph = prune(unpack(code)).value_or(Graph{});
  const auto small = [](int number) { return static_cast<std::int8_t>(number); };
  return {small(graph.num_vertices), small(num_edges(graph)), small(depth_of(graph)),
          small(width_of(graph))};
}

}  // namespace nb101
