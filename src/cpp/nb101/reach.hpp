// Finds which vertices of a code the input reaches, and which vertices reach the output.
#pragma once

#include <cstdint>

#include "nb101/cell.hpp"

namespace nb101 {

struct Reach {
  std::uint32_t from_input = 1;                        // bit v is vertex v; includes the input
  std::uint32_t to_output = 1u << (kMaxVertices - 1);  // bit v is vertex v; includes the output

  // Returns the vertices that pruning keeps, or 0 if no path leads from input to output.
  constexpr std::uint32_t live() const noexcept {
    return (to_output & 1) ? from_input & to_output : 0;
  }
};

// It has no branches, so that compilers can use vector instructions in loops over codes. 0u - bit
// is a mask of all ones if the bit is 1, else 0.
constexpr Reach reach_of(Code code) noexcept {
  Reach reach;
#pragma GCC unroll 6
  for (int v = 0; v < kMaxVertices - 1; ++v) {
    reach.from_input |= row_successors(code, v) & (0u - (reach.from_input >> v & 1));
  }
#pragma GCC unroll 6
  for (int v = kMaxVertices - 2; v >= 0; --v) {
    const bool is_reaching = (row_successors(code, v) & reach.to_output) != 0;
    reach.to_output |= static_cast<std::uint32_t>(is_reaching) << v;
  }
  return reach;
}

}  // namespace nb101
