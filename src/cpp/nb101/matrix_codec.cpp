#include "nb101/matrix_codec.hpp"

#include <cstring>

#include "nb101/bytes.hpp"
#include "nb101/simd.hpp"

#if NB101_X86_DISPATCH
#include <immintrin.h>
#endif

namespace nb101 {
namespace {

constexpr std::size_t kLabelBytes = kMaxInterior;

// Bit 7 v + w of the flat matrix is edge (v, w). The bits returned are those above the diagonal,
// which are the only ones that may be set.
constexpr std::uint64_t upper_positions() noexcept {
  std::uint64_t positions = 0;
  for (int v = 0; v < kMaxVertices; ++v) {
    for (int w = v + 1; w < kMaxVertices; ++w) {
      positions |= std::uint64_t{1} << (kMaxVertices * v + w);
    }
  }
  return positions;
}
constexpr std::uint64_t kUpper = upper_positions();

// Returns a nonzero number if a byte is not a label: if it is above 3, or if it is 3, both low
// bits.
inline std::uint64_t label_faults(std::uint64_t bytes) noexcept {
  return (bytes & ~(3 * kOneInEachByte)) | (bytes & (bytes >> 1) & kOneInEachByte);
}

// Packs the labels of five bytes into ten bits. The first line moves the odd labels beside the even
// ones, which gives pairs of four bits at the bits 0, 16 and 32. The second moves these to 0, 4, 8.
inline std::uint32_t pack_labels(std::uint64_t bytes) noexcept {
  bytes = (bytes | bytes >> 6) & 0x000f000f000f000f;
  return static_cast<std::uint32_t>((bytes | bytes >> 12 | bytes >> 24) & 0x3ff);
}

inline std::uint64_t load_labels(const std::uint8_t* from) noexcept {
  return load<std::uint32_t>(from) | std::uint64_t{from[4]} << 32;
}

bool encode_one(const std::uint8_t* matrix, const std::uint8_t* labels, Code& code) noexcept {
  std::uint64_t wrong = 0;
  std::uint32_t bits = 0;
  for (int v = 0; v < kMaxVertices; ++v) {
    std::uint64_t row;
    if (v + 1 < kMaxVertices) {
      row = load<std::uint64_t>(matrix + kMaxVertices * v) & 0x00ffffffffffffff;
    } else {  // no byte after the last row may be read
      row = load<std::uint64_t>(matrix + kMaxVertices * v - 1) >> 8;
    }
    wrong |= row & ~kOneInEachByte;
    const std::uint32_t successors = lowest_bits(row);
    const std::uint32_t lower = (2u << v) - 1;
    wrong |= successors & lower;
    bits |= (successors >> (v + 1)) << row_offset(v);
  }
  const std::uint64_t label_bytes = load_labels(labels);
  wrong |= label_faults(label_bytes);
  code = bits | pack_labels(label_bytes) << kMatrixBits;
  return wrong == 0;
}

std::size_t encode_portable(const std::uint8_t* matrices, const std::uint8_t* labels,
                            std::size_t label_stride, std::size_t count, Code* codes) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (!encode_one(matrices + kMatrixSize * i, labels + label_stride * i, codes[i])) return i;
  }
  return count;
}

#if NB101_X86_DISPATCH

[[gnu::target("avx512f,avx512bw,bmi2")]] std::size_t encode_avx512(const std::uint8_t* matrices,
                                                                   const std::uint8_t* labels,
                                                                   std::size_t label_stride,
                                                                   std::size_t count,
                                                                   Code* codes) noexcept {
  constexpr __mmask64 kMatrixBytes = (std::uint64_t{1} << kMatrixSize) - 1;
  const __m512i above_one = _mm512_set1_epi8(static_cast<char>(0xfe));
  for (std::size_t i = 0; i < count; ++i) {
    const __m512i bytes = _mm512_maskz_loadu_epi8(kMatrixBytes, matrices + kMatrixSize * i);
    const std::uint64_t edges = _mm512_test_epi8_mask(bytes, bytes);
    std::uint64_t wrong = _mm512_test_epi8_mask(bytes, above_one) | (edges & ~kUpper);
    const std::uint64_t label_bytes = load_labels(labels + label_stride * i);
    wrong |= label_faults(label_bytes);
    if (wrong) return i;
    codes[i] = static_cast<Code>(_pext_u64(edges, kUpper) |
                                 _pext_u64(label_bytes, 3 * kOneInEachByte) << kMatrixBits);
  }
  return count;
}

[[gnu::target("avx2,bmi2")]] std::size_t encode_avx2(const std::uint8_t* matrices,
                                                     const std::uint8_t* labels,
                                                     std::size_t label_stride, std::size_t count,
                                                     Code* codes) noexcept {
  constexpr int kSecond = static_cast<int>(kMatrixSize) - 32;  // the two loads overlap
  const __m256i above_one = _mm256_set1_epi8(static_cast<char>(0xfe));
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* const matrix = matrices + kMatrixSize * i;
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(matrix));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(matrix + kSecond));
    // movemask collects the highest bit of each byte, so bit 0 is moved there.
    const auto low_bits =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_slli_epi16(low, 7)));
    const auto high_bits =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_slli_epi16(high, 7)));
    const std::uint64_t edges = low_bits | std::uint64_t{high_bits} << kSecond;
    std::uint64_t wrong = edges & ~kUpper;
    wrong |= !_mm256_testz_si256(_mm256_or_si256(low, high), above_one);
    const std::uint64_t label_bytes = load_labels(labels + label_stride * i);
    wrong |= label_faults(label_bytes);
    if (wrong) return i;
    codes[i] = static_cast<Code>(_pext_u64(edges, kUpper) |
                                 _pext_u64(label_bytes, 3 * kOneInEachByte) << kMatrixBits);
  }
  return count;
}

#endif

}  // namespace

std::size_t encode_matrices(const std::uint8_t* matrices, const std::uint8_t* labels,
                            std::size_t label_stride, std::size_t count, Code* codes) noexcept {
#if NB101_X86_DISPATCH
  if (active_simd() == Simd::avx512) {
    return encode_avx512(matrices, labels, label_stride, count, codes);
  }
  if (active_simd() == Simd::avx2) {
    return encode_avx2(matrices, labels, label_stride, count, codes);
  }
#endif
  return encode_portable(matrices, labels, label_stride, count, codes);
}

void decode_codes(const Code* codes, std::size_t count, std::uint8_t* matrices,
                  std::uint8_t* labels) noexcept {
  std::memset(matrices, 0, count * kMatrixSize);
  for (std::size_t i = 0; i < count; ++i) {
    for (int v = 0; v < kMaxVertices - 1; ++v) {
      const std::uint32_t successors = row_successors(codes[i], v);
      std::uint8_t* const row = matrices + kMatrixSize * i + kMaxVertices * v;
      for (int w = v + 1; w < kMaxVertices; ++w) row[w] = successors >> w & 1;
    }
    std::uint8_t* const own_labels = labels + kLabelBytes * i;
    for (int v = 1; v <= kMaxInterior; ++v) {
      own_labels[v - 1] = static_cast<std::uint8_t>(code_label(codes[i], v));
    }
  }
}

}  // namespace nb101
