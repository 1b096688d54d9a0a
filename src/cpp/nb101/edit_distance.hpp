// How many edges and labels differ between codes as they lie, and between cells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nb101/cell.hpp"

namespace nb101 {

// Of each pair: the Hamming distance over the 21 edges and 5 labels, whatever is pruned. Faultless
// codes.
void raw_distances(std::span<const Code> codes, std::span<const Code> others,
                   std::int32_t* out) noexcept;

// The graph edit distance of the pruned cells: the fewest edges to flip and labels to change over
// all ways to match their vertices. A vertex that only one of them has costs nothing but its edges.
// -1 where either code is outside the space.
void cell_distances(std::span<const Code> codes, std::span<const Code> others,
                    std::int32_t* out) noexcept;

}  // namespace nb101
