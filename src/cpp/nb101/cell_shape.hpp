// The shape of a pruned cell: its numbers of vertices and edges, its depth and its width.
#pragma once

#include <cstdint>

#include "nb101/cell.hpp"

namespace nb101 {

struct CellShape {
  std::int8_t num_vertices = -1;
  std::int8_t num_edges = -1;
  // The number of edges on the longest path from input to output.
  std::int8_t depth = -1;
  // The number of edges in the largest directed cut. A directed cut has the input on one side and
  // the output on the other, and no edge goes back.
  std::int8_t width = -1;
};

// Returns the shape of a cell of the space, after pruning.
CellShape shape_of(Code code) noexcept;

}  // namespace nb101
