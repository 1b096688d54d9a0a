// Canonical form: the least (edge bits, labels) over the relabellings that stay upper triangular.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "nb101/cell.hpp"

namespace nb101 {

// new_place[i]: where the i-th interior vertex goes among the interior vertices.
using Relabeling = std::array<std::uint8_t, kMaxInterior>;

// The official generator's edge mask: edge (x, y), x < y, is bit x + y (y - 1) / 2.
constexpr int generator_bit(int x, int y) noexcept { return x + y * (y - 1) / 2; }

// A graph without its labels, in canonical form, and every relabelling that leads there.
struct CanonicalStructure {
  int num_vertices;
  std::uint32_t bits;  // by generator_bit
  std::vector<Relabeling> relabelings;
};

struct CanonicalForm {
  int num_vertices;
  std::uint32_t bits;
  std::array<std::int64_t, kMaxInterior> labels;
  auto operator<=>(const CanonicalForm&) const = default;
};

// Graphs of at most 7 vertices.
CanonicalStructure canonical_structure(const Graph& graph);
CanonicalForm canonical_form(const Graph& graph);

// The graph of a canonical structure, its labels 0.
Graph structure_graph(int num_vertices, std::uint32_t bits) noexcept;

}  // namespace nb101
