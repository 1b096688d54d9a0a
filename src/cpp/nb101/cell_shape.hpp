// The shape of a pruned cell: how many vertices and edges it has, how deep and how wide it is.
#pragma once

#include <cstdint>

#include "nb101/cell.hpp"

namespace nb101 {

struct CellShape {
  std::int8_t num_vertices = -1;
  std::int8_t num_edges = -1;
  // Edges of the longest path from input to output.
  std::int8_t depth = -1;
  // Edges of the largest directed cut: input on one side, output on the other, and no edge back.
  std::int8_t width = -1;
};

// Of a cell of the space.
CellShape shape_of(Code code) noexcept;

}  // namespace nb101
