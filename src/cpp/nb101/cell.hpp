// Cells: as a graph of up to 32 vertices, and packed into the 32-bit code of the search space.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace nb101 {

inline constexpr int kMaxVertices = 7;        // of a cell of the space (Ying et al., 2019)
inline constexpr int kMaxEdges = 9;           // likewise, after pruning
inline constexpr int kMaxInterior = 5;        // vertices between input and output
inline constexpr int kMatrixBits = 21;        // upper triangle of a 7x7 matrix
inline constexpr int kMaxGraphVertices = 32;  // of any graph that can be hashed

// Bits 0..20: upper triangle, row-major. Bits 21..30: two for each interior vertex 1..5.
using Code = std::uint32_t;

inline constexpr std::uint32_t kMatrixMask = (1u << kMatrixBits) - 1;
inline constexpr std::uint32_t kLowLabelBits = 0x155u << kMatrixBits;
inline constexpr std::uint32_t kUnusedCodeBit = 1u << 31;

// Vertex 0 is the input, the last is the output; edges go from lower to higher vertices.
struct Graph {
  int num_vertices = 0;
  std::array<std::uint32_t, kMaxGraphVertices> successors{};  // bit w of [v]: edge (v, w)
  std::array<std::int64_t, kMaxGraphVertices> labels{};       // of interior vertices
};

// Bits of row v of the triangle in a code start here; its first bit is edge (v, v + 1).
constexpr int row_offset(int v) noexcept { return v * (13 - v) / 2; }

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

// Nonzero for a code with bit 31 set or a label 3: outside the space whatever its edges.
constexpr std::uint32_t code_faults(Code code) noexcept {
  return (code & (code >> 1) & kLowLabelBits) | (code & kUnusedCodeBit);
}

inline int num_edges(const Graph& graph) noexcept {
  int edges = 0;
  for (int v = 0; v < graph.num_vertices; ++v) edges += std::popcount(graph.successors[v]);
  return edges;
}

// The code's 7 vertices as they lie, pruned or not.
Graph unpack(Code code) noexcept;

// A graph of at most 7 vertices and labels 0..3: interior at 1..n-2, output at 6.
Code pack(const Graph& graph) noexcept;

}  // namespace nb101
