// Computes MD5 (RFC 1321) of many short messages at once. Each lane of a vector digests one
// message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nb101/digest.hpp"

namespace nb101 {

inline constexpr std::size_t kMostMd5Lanes = 32;  // messages that one group digests side by side
inline constexpr std::size_t kMd5Block = 64;

// A message. Its buffer has md5_padded_size(length) bytes, because the padding is written into it.
struct Md5Message {
  std::uint8_t* bytes;
  std::uint32_t length;
  Digest* digest;  // where the result goes
};

// Returns the size after padding: at least 9 bytes more, rounded up to whole blocks.
constexpr std::size_t md5_padded_size(std::size_t length) noexcept {
  return (length + 9 + kMd5Block - 1) / kMd5Block * kMd5Block;
}

// Pads and digests every message.
void md5_many(std::span<const Md5Message> messages);

}  // namespace nb101
