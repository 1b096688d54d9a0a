// Counts how many edges and labels differ between two codes, and between their pruned cells.
#pragma once

#include <cstdint>
#include <span>

#include "nb101/cell.hpp"

namespace nb101 {

// Writes the Hamming distance of each pair over the 21 edges and 5 labels, without pruning. The
// codes must be faultless (see code_faults).
void raw_distances(std::span<const Code> codes, std::span<const Code> others,
                   std::int32_t* out) noexcept;

// Writes the graph edit distance of the pruned cells of each pair: the least number of edges to
// flip and labels to change, over all ways to match their vertices. A vertex that only one of the
// cells has costs nothing, but its edges count. The distance is -1 if a code is outside the space.
void cell_distances(std::span<const Code> codes, std::span<const Code> others, std::int32_t* out);

}  // namespace nb101
