// The canonical form of a graph is the least pair (edge bits, labels) over all relabellings of its
// vertices that keep the matrix upper triangular. Isomorphic graphs have the same canonical form.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "nb101/cell.hpp"
#include "nb101/numbered_array.hpp"

namespace nb101 {

// Element i is the new place of the i-th interior vertex among the interior vertices.
using Relabeling = NumberedArray<std::uint8_t, kMaxInterior>;

// The bit of edge (x, y), x < y, in the edge mask of the official generator. It goes column by
// column: 0 + 1 + .. + (y - 1) = y (y - 1) / 2 edges end at the vertices below y.
constexpr int generator_bit(int x, int y) noexcept { return x + y * (y - 1) / 2; }

// The canonical form of a graph without labels, and every relabelling that leads to it.
struct CanonicalStructure {
  int num_vertices;
  std::uint32_t bits;  // the edges, at the bits that generator_bit gives
  std::vector<Relabeling> relabelings;
};

struct CanonicalForm {
  int num_vertices;
  std::uint32_t bits;
  std::array<std::int64_t, kMaxInterior> labels;
  auto operator<=>(const CanonicalForm&) const = default;
};

// The graphs may have at most 7 vertices.
CanonicalStructure canonical_structure(const Graph& graph);
CanonicalForm canonical_form(const Graph& graph);

// Returns the graph of a canonical structure, with all labels 0.
Graph structure_graph(int num_vertices, std::uint32_t bits) noexcept;

}  // namespace nb101
