// What the cells of many codes are like: tables by cell id, each made at its first use.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "nb101/cell.hpp"

namespace nb101 {

enum class Trait { num_vertices, num_edges, depth, width, parameters };
inline constexpr std::array<std::string_view, 5> kTraitNames = {"num_vertices", "num_edges",
                                                                "depth", "width", "parameters"};

inline constexpr int kNoTrait = -1;  // of a code outside the space

// Parameters and MACs are those of the cell's representative.
void traits_of(Trait trait, std::span<const Code> codes, std::int32_t* out);
void macs_of(std::span<const Code> codes, std::int64_t* out);

}  // namespace nb101
