// A 128-bit MD5 digest and its hexadecimal form.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace nb101 {

using Digest = std::array<std::uint8_t, 16>;  // compares as its hexadecimal text does

using HexPairs = std::array<std::array<char, 2>, 256>;

constexpr HexPairs make_hex_pairs() noexcept {
  constexpr char kDigits[] = "0123456789abcdef";
  HexPairs pairs{};
  for (std::size_t byte = 0; byte < pairs.size(); ++byte) {
    pairs[byte] = {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return pairs;
}
inline constexpr HexPairs kHexPairs = make_hex_pairs();

inline void write_hex(const Digest& digest, char* text) noexcept {
  for (std::size_t i = 0; i < digest.size(); ++i) {
    std::memcpy(text + 2 * i, kHexPairs[digest[i]].data(), 2);
  }
}

inline std::string to_hex(const Digest& digest) {
  std::string text(32, '\0');
  write_hex(digest, text.data());
  return text;
}

inline int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

// 32 lower-case hexadecimal characters; anything else is none.
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
