// The raw matrices, of 2^21, that are valid: by the official rule, and by that of nas_benchmarks.
#pragma once

#include <cstdint>
#include <vector>

#include "nb101/cell.hpp"

namespace nb101 {

// A set of raw matrices with one bit for each. It takes 256 KB, which fit in the L2 cache.
class MatrixSet {
 public:
  MatrixSet() : words_((kMatrixMask >> kWordBits) + 1) {}

  void add(std::uint32_t matrix) noexcept {
    words_[matrix >> kWordBits] |= std::uint64_t{1} << (matrix & kBitMask);
  }
  // Returns whether the code's matrix is in the set.
  bool has(Code code) const noexcept {
    const std::uint32_t matrix = code & kMatrixMask;
    return words_[matrix >> kWordBits] >> (matrix & kBitMask) & 1;
  }

 private:
  static constexpr int kWordBits = 6;  // the lowest 6 bits of a matrix are its place in a word
  static constexpr std::uint32_t kBitMask = (1u << kWordBits) - 1;

  std::vector<std::uint64_t> words_;
};

// Raw matrices as an ascending list and as a set.
struct MatrixList {
  std::vector<std::uint32_t> matrices;
  MatrixSet set;

  void add(std::uint32_t matrix) {
    matrices.push_back(matrix);
    set.add(matrix);
  }
};

class ValidMatrices {
 public:
  // The first call finds the matrices, which takes about 10 ms.
  static const ValidMatrices& instance();

  // Valid by the official rule: a path leads from input to output, and at most 9 edges are left
  // after pruning.
  const MatrixList& official() const noexcept { return official_; }
  // Valid by the rule of nas_benchmarks: there are also at most 9 edges before pruning.
  const MatrixList& raw_9() const noexcept { return raw_9_; }

 private:
  ValidMatrices();

  MatrixList official_;
  MatrixList raw_9_;
};

}  // namespace nb101
