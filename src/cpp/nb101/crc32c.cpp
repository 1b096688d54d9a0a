#include "nb101/crc32c.hpp"

#include <array>

#include "nb101/simd.hpp"

#if NB101_X86_DISPATCH
#include <nmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace nb101 {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // its lowest bit belongs to the highest power
constexpr std::size_t kSlices = 8;

using SliceTables = std::array<std::array<std::uint32_t, 256>, kSlices>;

// Element [slice][byte] is the checksum of the byte followed by `slice` zero bytes. A checksum is
// linear, so that of eight bytes is the XOR of eight elements.
constexpr SliceTables make_tables() noexcept {
  SliceTables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    for (std::size_t slice = 1; slice < kSlices; ++slice) {
      const std::uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = before >> 8 ^ tables[0][before & 255];
    }
  }
  return tables;
}
constexpr SliceTables kTables = make_tables();

std::uint32_t crc_portable(const std::uint8_t* bytes, std::size_t size,
                           std::uint32_t crc) noexcept {
  for (; size >= 8; size -= 8, bytes += 8) {
    const std::uint64_t word = load<std::uint64_t>(bytes) ^ crc;
    crc = 0;
    for (std::size_t slice = 0; slice < kSlices; ++slice) {
      crc ^= kTables[kSlices - 1 - slice][word >> (8 * slice) & 255];
    }
  }
  for (; size > 0; --size, ++bytes) crc = crc >> 8 ^ kTables[0][(crc ^ *bytes) & 255];
  return crc;
}

#if NB101_X86_DISPATCH
[[gnu::target("sse4.2,crc32")]] std::uint32_t crc_sse42(const std::uint8_t* bytes, std::size_t size,
                                                        std::uint32_t crc) noexcept {
  std::uint64_t wide = crc;
  for (; size >= 8; size -= 8, bytes += 8) wide = _mm_crc32_u64(wide, load<std::uint64_t>(bytes));
  crc = static_cast<std::uint32_t>(wide);
  for (; size > 0; --size, ++bytes) crc = _mm_crc32_u8(crc, *bytes);
  return crc;
}
#elif defined(__ARM_FEATURE_CRC32)
std::uint32_t crc_arm(const std::uint8_t* bytes, std::size_t size, std::uint32_t crc) noexcept {
  for (; size >= 8; size -= 8, bytes += 8) crc = __crc32cd(crc, load<std::uint64_t>(bytes));
  for (; size > 0; --size, ++bytes) crc = __crc32cb(crc, *bytes);
  return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(Bytes bytes, std::uint32_t crc) noexcept {
  crc = ~crc;
#if NB101_X86_DISPATCH
  // Every processor with AVX2 also has SSE 4.2.
  if (active_simd() != Simd::portable) return ~crc_sse42(bytes.data(), bytes.size(), crc);
#endif
#if defined(__ARM_FEATURE_CRC32)
  return ~crc_arm(bytes.data(), bytes.size(), crc);
#endif
  return ~crc_portable(bytes.data(), bytes.size(), crc);
}

}  // namespace nb101
