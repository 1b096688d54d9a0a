// Finds the cell ids of official hashes in the whole search space, without an index.
#pragma once

#include <cstdint>
#include <span>

#include "nb101/digest.hpp"

namespace nb101 {

// Writes the cell id of each hash, or kNoCell if no cell has the hash. The first call computes the
// hashes of all cells and a perfect hash of them.
void ids_of_hashes(std::span<const Digest> hashes, std::int32_t* ids, int threads);

}  // namespace nb101
