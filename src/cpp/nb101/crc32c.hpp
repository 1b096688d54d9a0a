// Computes CRC-32C (Castagnoli), with the processor's own instruction if it has one.
#pragma once

#include <cstdint>

#include "nb101/bytes.hpp"

namespace nb101 {

// `crc` is the checksum of the bytes before these. The result is then the checksum of both parts.
std::uint32_t crc32c(Bytes bytes, std::uint32_t crc = 0) noexcept;

}  // namespace nb101
