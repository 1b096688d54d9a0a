#include "nb101/cell.hpp"

namespace nb101 {

Graph unpack(Code code) noexcept {
  Graph graph;
  graph.num_vertices = kMaxVertices;
  for (int v = 0; v < kMaxVertices - 1; ++v) graph.successors[v] = row_successors(code, v);
  for (int v = 1; v <= kMaxInterior; ++v) graph.labels[v] = code_label(code, v);
  return graph;
}

Code pack(const Graph& graph) noexcept {
  const int output = graph.num_vertices - 1;
  Code code = 0;
  for (int v = 0; v < output; ++v) {
    std::uint32_t row = graph.successors[v];
    const std::uint32_t to_output = row >> output & 1;
    row = (row & ~(1u << output)) | to_output << (kMaxVertices - 1);
    code |= (row >> (v + 1)) << row_offset(v);
    if (v > 0) code |= label_bits(static_cast<int>(graph.labels[v]), v);
  }
  return code;
}

}  // namespace nb101
