// A 128-bit MD5 digest and its hexadecimal form.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace nb101 {

using Digest = std::array<std::uint8_t, 16>;  // sorts in the order of its hexadecimal text

// Returns the eight hexadecimal digits of four bytes, in the order of their text in memory.
//
// The first two lines move each byte to every second place. The third splits it: its upper half
// comes first in the text, its lower half second. Adding 6 carries a digit of 10..15 into the upper
// half of its byte, which marks the letters. '0' is 0x30, and 'a' - 10 is 39 = 32 + 8 - 1 above it.
// No byte overflows, so one sum serves all eight digits.
constexpr std::uint64_t hex_of_four_bytes(std::uint32_t four) noexcept {
  std::uint64_t digits = four;
  digits = (digits | digits << 16) & 0x0000ffff0000ffff;
  digits = (digits | digits << 8) & 0x00ff00ff00ff00ff;
  digits = (digits >> 4 | digits << 8) & 0x0f0f0f0f0f0f0f0f;
  const std::uint64_t letters = (digits + 0x0606060606060606) >> 4 & 0x0101010101010101;
  return digits + 0x3030303030303030 + (letters << 5) + (letters << 3) - letters;
}

inline void write_hex(const Digest& digest, char* text) noexcept {
  std::array<std::uint32_t, 4> bytes;
  std::array<std::uint64_t, 4> digits;
  std::memcpy(bytes.data(), digest.data(), sizeof bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) digits[i] = hex_of_four_bytes(bytes[i]);
  std::memcpy(text, digits.data(), sizeof digits);
}

inline std::string to_hex(const Digest& digest) {
  std::string text(32, '\0');
  write_hex(digest, text.data());
  return text;
}

// Returns -1 for a character that is not a lower-case hexadecimal digit.
inline int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

// Reads 32 lower-case hexadecimal characters; returns nothing for any other text.
inline std::optional<Digest> digest_from_hex(std::string_view text) noexcept {
  if (text.size() != 32) return std::nullopt;
  Digest digest;
  int seen = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    seen |= high | low;
    digest[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  if (seen < 0) return std::nullopt;
  return digest;
}

}  // namespace nb101
