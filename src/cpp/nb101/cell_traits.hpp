// Looks up traits of the cells of many codes. Each table holds one value for each cell id and is
// made at its first use.
#pragma once

#include <cstdint>
#include <span>

#include "nb101/cell.hpp"

namespace nb101 {

enum class Trait { num_vertices, num_edges, depth, width, parameters };

inline constexpr int kNoTrait = -1;  // the value for a code outside the space

// Write one value for each code. Parameters and MACs are those of the cell's representative,
// because isomorphic cells can differ in them.
void traits_of(Trait trait, std::span<const Code> codes, std::int32_t* out);
void macs_of(std::span<const Code> codes, std::int64_t* out);

}  // namespace nb101
