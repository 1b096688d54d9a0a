// MD5 (RFC 1321) of many short messages at once, one message to a vector lane.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nb101/digest.hpp"

namespace nb101 {

inline constexpr int kMd5Lanes = 16;
inline constexpr std::size_t kMd5Block = 64;

// A message in a buffer with room for its padding, md5_padded_size(length) bytes in all.
struct Md5Message {
  std::uint8_t* bytes;
  std::uint32_t length;
  Digest* digest;  // where the result goes
};

constexpr std::size_t md5_padded_size(std::size_t length) noexcept {
  return (length + 9 + kMd5Block - 1) / kMd5Block * kMd5Block;
}

// Pads and digests every message; reorders the list so that lanes finish together.
void md5_many(std::vector<Md5Message>& messages);

}  // namespace nb101
