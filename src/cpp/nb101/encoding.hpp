// Codes as rows of numbers, in encodings that are in use, and back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "nb101/cell.hpp"

namespace nb101 {

// A: 21 edges, 5 labels. B: 9 edge numbers, mirrored, and 5 labels. C: the number of edges, 21
// numbers of which the greatest so many are edges, 5 labels (all three: nas_benchmarks). One-hot:
// 21 edges, 3 columns a label. Path: which of the 3^0 + .. + 3^5 sequences of labels lead from
// input to output (naszilla, NASLib).
enum class Encoding { a, b, c, one_hot, path };
inline constexpr std::array<std::string_view, 5> kEncodingNames = {"A", "B", "C", "one-hot",
                                                                   "path"};
inline constexpr std::array<std::size_t, 5> kEncodingColumns = {26, 14, 27, 36, 364};

constexpr std::size_t num_columns(Encoding encoding) noexcept {
  return kEncodingColumns[static_cast<std::size_t>(encoding)];
}

// How many raw edges a code may have to be encoded so.
struct EdgeLimits {
  int least, most;
};
constexpr EdgeLimits edge_limits(Encoding encoding) noexcept {
  return {encoding == Encoding::b ? 1 : 0,
          encoding == Encoding::b || encoding == Encoding::c ? kMaxEdges : kMatrixBits};
}

// The first of faultless codes that is not within the limits; their number where all are.
std::size_t first_unfit(Encoding encoding, std::span<const Code> codes) noexcept;

// Of faultless codes within the limits: a row each. C has rows of floats, the others of bytes.
void encode_bytes(Encoding encoding, std::span<const Code> codes, std::uint8_t* rows);
void encode_c(std::span<const Code> codes, float* rows) noexcept;

// Returns how many rows are sound before the first that is not; those are decoded. Not of paths.
std::size_t decode_bytes(Encoding encoding, const std::uint8_t* rows,
                         std::span<Code> codes) noexcept;
std::size_t decode_c(const double* rows, std::span<Code> codes) noexcept;

}  // namespace nb101
