// Converts batches of raw (7, 7) matrices and labels to codes and back. Each element is one byte.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nb101/cell.hpp"

namespace nb101 {

inline constexpr std::size_t kMatrixSize = kMaxVertices * kMaxVertices;

// Writes the code of each cell. A matrix has 49 bytes. A cell has 5 bytes of labels, and the labels
// of the next cell begin `label_stride` bytes later. Returns the position of the first cell whose
// matrix is not strictly upper triangular with elements 0 and 1, or whose labels are not 0..2.
// Returns `count` if there is no such cell.
std::size_t encode_matrices(const std::uint8_t* matrices, const std::uint8_t* labels,
                            std::size_t label_stride, std::size_t count, Code* codes) noexcept;

void decode_codes(const Code* codes, std::size_t count, std::uint8_t* matrices,
                  std::uint8_t* labels) noexcept;

}  // namespace nb101
