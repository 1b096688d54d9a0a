// A cell is a graph, and a cell of the search space can be packed into a 32-bit code.
#pragma once

#include <bit>
#include <cstdint>

#include "nb101/numbered_array.hpp"

namespace nb101 {

inline constexpr int kMaxVertices = 7;  // limit of the search space (Ying et al., 2019)
inline constexpr int kMaxEdges = 9;     // limit of the search space, after pruning
inline constexpr int kMaxInterior = 5;  // vertices between input and output
inline constexpr int kMatrixBits = 21;  // elements in the upper triangle of a 7x7 matrix
inline constexpr int kNumParameters = kMatrixBits + kMaxInterior;  // an edge or a label each
inline constexpr int kMaxGraphVertices = 32;  // limit of a graph that can be hashed

// Bits 0..20 hold the upper triangle of the matrix, row by row. Bits 21..30 hold the labels of the
// interior vertices 1..5, two bits each. Bit 31 is 0.
using Code = std::uint32_t;

inline constexpr std::uint32_t kMatrixMask = (1u << kMatrixBits) - 1;
// 0x155 is 01 01 01 01 01 in binary: the lower bit of each label.
inline constexpr std::uint32_t kLowLabelBits = 0x155u << kMatrixBits;
inline constexpr std::uint32_t kUnusedCodeBit = 1u << 31;

// Vertex 0 is the input and the last vertex is the output. Edges go from lower to higher vertices.
struct Graph {
  int num_vertices = 0;
  // Bit w of element v is edge (v, w).
  NumberedArray<std::uint32_t, kMaxGraphVertices> successors{};
  NumberedArray<std::int64_t, kMaxGraphVertices> labels{};  // only interior vertices have labels
};

// Returns where the bits of row v start in a code. The first bit of the row is edge (v, v + 1). The
// rows before it have 6 + 5 + .. + (7 - v) = v (13 - v) / 2 bits.
constexpr int row_offset(int v) noexcept { return v * (13 - v) / 2; }

// Returns the successors of vertex v: bit w is edge (v, w).
constexpr std::uint32_t row_successors(Code code, int v) noexcept {
  const std::uint32_t row = (code >> row_offset(v)) & ((1u << (6 - v)) - 1);
  return row << (v + 1);
}

constexpr int code_label(Code code, int v) noexcept {
  return static_cast<int>(code >> (kMatrixBits + 2 * (v - 1))) & 3;
}

constexpr Code label_bits(int label, int v) noexcept {
  return static_cast<Code>(label) << (kMatrixBits + 2 * (v - 1));
}

// Returns a nonzero number if bit 31 is set or a label is 3. Such a code is outside the space for
// any edges. A label is 3 if both its lower bit and the bit above it are set.
constexpr std::uint32_t code_faults(Code code) noexcept {
  return (code & (code >> 1) & kLowLabelBits) | (code & kUnusedCodeBit);
}

// Says what is wrong with such a code. Messages name the code before this text.
inline constexpr char kCodeFaults[] =
    "has bit 31 set or a label 3, which no cell has; labels are 0, 1 and 2";

inline int num_edges(const Graph& graph) noexcept {
  int edges = 0;
  for (int v = 0; v < graph.num_vertices; ++v) edges += std::popcount(graph.successors[v]);
  return edges;
}

// Returns the graph of all 7 vertices of the code, without pruning.
Graph unpack(Code code) noexcept;

// Packs a graph of n <= 7 vertices with labels 0..3. In the code the interior vertices are 1..n-2
// and the output is vertex 6.
Code pack(const Graph& graph) noexcept;

}  // namespace nb101
