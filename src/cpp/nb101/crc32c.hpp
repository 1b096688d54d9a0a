// CRC-32C (Castagnoli), in hardware where the processor has it.
#pragma once

#include <cstdint>

#include "nb101/bytes.hpp"

namespace nb101 {

// Continues from `crc`, the checksum of what came before.
std::uint32_t crc32c(Bytes bytes, std::uint32_t crc = 0) noexcept;

}  // namespace nb101
