// Views of bytes, and little-endian numbers that are read from and written to unaligned memory.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace nb101 {

static_assert(std::endian::native == std::endian::little,
              "index files are mapped as they are, so the host must be little-endian");
static_assert(sizeof(void*) == 8,
              "index files are mapped whole, so the host must have 64-bit addresses");

constexpr std::uint64_t swap_bytes(std::uint64_t word) noexcept {
#if defined(__GNUC__)
  return __builtin_bswap64(word);
#else
  // The first line swaps neighbouring bytes, the second neighbouring pairs, the third the halves.
  word = (word & 0x00ff00ff00ff00ff) << 8 | (word >> 8 & 0x00ff00ff00ff00ff);
  word = (word & 0x0000ffff0000ffff) << 16 | (word >> 16 & 0x0000ffff0000ffff);
  return std::rotl(word, 32);
#endif
}

using Bytes = std::span<const std::uint8_t>;

inline constexpr std::uint64_t kOneInEachByte = 0x0101010101010101;

// Collects the lowest bits of eight bytes. The factor has the bits 7 m for m = 1..8. It moves bit 8
// i of byte i to 8 i + 7 (8 - i) = 56 + i, and no two of its products meet, so nothing is carried.
constexpr std::uint32_t lowest_bits(std::uint64_t bytes) noexcept {
  return static_cast<std::uint32_t>((bytes & kOneInEachByte) * 0x0102040810204080 >> 56);
}

template <class T>
inline T load(const void* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
inline void store(void* to, T value) noexcept {
  std::memcpy(to, &value, sizeof value);
}

inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class T>
inline Bytes object_bytes(std::span<const T> values) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()};
}

}  // namespace nb101
