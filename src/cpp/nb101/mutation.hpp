// Mutations of a code: five rules that are in use, and that are not the same.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "nb101/cell.hpp"

namespace nb101 {

// The first may have invalid parents and children; the others draw until the child is valid in the
// official meaning.
enum class Mutation {
  parameter,  // one of the 21 edges and 5 labels (Ying et al., 2019; nas_benchmarks)
  notebook,   // each edge with 1/7, each label with 1/5 (the official notebook)
  naszilla,   // each edge with 1/21, each label with 1/5
  naslib,     // each edge with 1/7, each label with 1/3
  pruned,     // one edge or label that counts, before or after (naszilla's and NASLib's neighbours)
};
inline constexpr std::array<std::string_view, 5> kMutationNames = {"parameter", "notebook",
                                                                   "naszilla", "naslib", "pruned"};

constexpr bool needs_valid_parent(Mutation mutation) noexcept {
  return mutation != Mutation::parameter;
}

// Child i depends on its parent, the seed and i alone. Faultless parents, valid ones where the
// mutation needs them.
void mutate(Mutation mutation, std::span<const Code> parents, std::uint64_t seed, Code* children);

}  // namespace nb101
