// Encodes codes as rows of numbers, in the encodings that public projects use, and decodes them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "nb101/cell.hpp"

namespace nb101 {

// - A has 21 edges and 5 labels.
// - B has the numbers of 9 edges, and 5 labels. Number 0 is the last edge of the matrix, because
//   nas_benchmarks numbers the edges of the mirrored matrix. If there are fewer than 9 edges, the
//   last number is repeated.
// - C has a number of edges n, then 21 numbers, of which the n greatest are edges, then 5 labels.
// - One-hot has 21 edges and 3 columns for each label.
// - Path has a column for each of the 3^0 + .. + 3^5 sequences of labels. The column is 1 if a path
//   from input to output has these labels.
// A, B and C are those of nas_benchmarks, and path is that of naszilla and NASLib.
enum class Encoding { a, b, c, one_hot, path };
inline constexpr std::array<std::string_view, 5> kEncodingNames = {"A", "B", "C", "one-hot",
                                                                   "path"};
inline constexpr std::array<std::size_t, 5> kEncodingColumns = {26, 14, 27, 36, 364};

constexpr std::size_t num_columns(Encoding encoding) noexcept {
  return kEncodingColumns[static_cast<std::size_t>(encoding)];
}

// The least and the greatest number of raw edges that a code may have in an encoding.
struct EdgeLimits {
  int least, most;
};
constexpr EdgeLimits edge_limits(Encoding encoding) noexcept {
  return {encoding == Encoding::b ? 1 : 0,
          encoding == Encoding::b || encoding == Encoding::c ? kMaxEdges : kMatrixBits};
}

// Returns the position of the first code that is not within the limits, or codes.size() if there is
// none. The codes must be faultless (see code_faults).
std::size_t first_unfit(Encoding encoding, std::span<const Code> codes) noexcept;

// Write one row for each code. The codes must be faultless and within the limits. C has rows of
// floats, the other encodings have rows of bytes.
void encode_bytes(Encoding encoding, std::span<const Code> codes, std::uint8_t* rows);
void encode_c(std::span<const Code> codes, float* rows) noexcept;

// Decode the rows before the first one that is not valid, and return how many these are. Paths
// cannot be decoded.
std::size_t decode_bytes(Encoding encoding, const std::uint8_t* rows,
                         std::span<Code> codes) noexcept;
std::size_t decode_c(const double* rows, std::span<Code> codes) noexcept;

}  // namespace nb101
