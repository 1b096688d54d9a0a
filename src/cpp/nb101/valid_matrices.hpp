// Which of the 2^21 raw matrices lead to a cell, in both meanings of "valid".
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nb101/cell.hpp"

namespace nb101 {

class ValidMatrices {
 public:
  // Built at the first call, in about 10 ms.
  static const ValidMatrices& instance();

  // In the official meaning: once pruned, input joins output, by at most 9 edges.
  bool has(Code code) const noexcept {
    const std::uint32_t matrix = code & kMatrixMask;
    return bits_[matrix >> kWordBits] >> (matrix & ((1u << kWordBits) - 1)) & 1;
  }

  // Ascending. `raw_9`: at most 9 edges before pruning too, as nas_benchmarks has it.
  std::span<const std::uint32_t> official() const noexcept { return official_; }
  std::span<const std::uint32_t> raw_9() const noexcept { return raw_9_; }

 private:
  ValidMatrices();

  static constexpr int kWordBits = 6;

  std::vector<std::uint64_t> bits_;  // 256 KB, which stay in L2
  std::vector<std::uint32_t> official_;
  std::vector<std::uint32_t> raw_9_;
};

}  // namespace nb101
