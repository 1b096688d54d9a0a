// Batches of raw (7, 7) matrices and labels, one byte an element, to codes and back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nb101/cell.hpp"

namespace nb101 {

inline constexpr std::size_t kMatrixSize = kMaxVertices * kMaxVertices;

// Writes the code of each cell. matrices: count x 49 bytes. labels: 5 bytes a cell, each cell's
// first `label_stride` bytes after the last's. Returns the position of the first cell that is not
// strictly upper triangular 0/1 with labels 0..2, or count.
std::size_t encode_matrices(const std::uint8_t* matrices, const std::uint8_t* labels,
                            std::size_t label_stride, std::size_t count, Code* codes) noexcept;

void decode_codes(const Code* codes, std::size_t count, std::uint8_t* matrices,
                  std::uint8_t* labels) noexcept;

}  // namespace nb101
