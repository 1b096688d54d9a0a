// MD5 written as RFC 1321 describes it, for one message at a time. The core must agree with it.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

#include "nb101/bytes.hpp"
#include "nb101/digest.hpp"

namespace nb101 {

inline Digest plain_md5(std::string message) {
  constexpr int kRotation[4][4] = {
      {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  const std::uint64_t bits = 8 * message.size();
  message.push_back('\x80');
  while (message.size() % 64 != 56) message.push_back('\0');
  for (int i = 0; i < 8; ++i) message.push_back(static_cast<char>(bits >> (8 * i)));

  std::array<std::uint32_t, 4> state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  for (std::size_t block = 0; block < message.size(); block += 64) {
    auto [a, b, c, d] = state;
    for (int i = 0; i < 64; ++i) {
      std::uint32_t f = 0;
      int word = 0;
      switch (i / 16) {
        case 0:
          f = (b & c) | (~b & d);
          word = i;
          break;
        case 1:
          f = (b & d) | (c & ~d);
          word = (5 * i + 1) % 16;
          break;
        case 2:
          f = b ^ c ^ d;
          word = (3 * i + 5) % 16;
          break;
        default:
          f = c ^ (b | ~d);
          word = (7 * i) % 16;
      }
      const auto sine =
          static_cast<std::uint32_t>(std::floor(std::ldexp(std::fabs(std::sin(i + 1.0)), 32)));
      f += a + sine + load<std::uint32_t>(message.data() + block + 4 * word);
      a = d;
      d = c;
      c = b;
      b += std::rotl(f, kRotation[i / 16][i % 4]);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
  }
  Digest digest;
  store(digest.data(), state);
  return digest;
}

}  // namespace nb101
