// Outcomes drawn by their weights, in constant time (Walker, 1977; Vose, 1991).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace nb101 {

// 2^kBits outcomes; each has a probability that is a multiple of 2^-32.
template <int kBits>
class AliasTable {
 public:
  // At most 2^kBits weights below 2^32, in their sum too; what rounding leaves goes to the first.
  explicit AliasTable(std::span<const std::uint64_t> weights) {
    std::vector<std::uint64_t> parts = in_parts(weights);
    std::vector<std::uint32_t> small;
    std::vector<std::uint32_t> large;
    for (std::uint32_t i = 0; i < kColumns; ++i) {
      columns_[i] = i;
      (parts[i] < kColumn ? small : large).push_back(i);
    }
    while (!small.empty()) {  // a column that is not full takes the rest from one that is more
      const std::uint32_t taker = small.back();
      const std::uint32_t giver = large.back();
      small.pop_back();
      columns_[taker] = static_cast<std::uint32_t>(parts[taker]) << kBits | giver;
      parts[giver] -= kColumn - parts[taker];
      if (parts[giver] >= kColumn) continue;
      large.pop_back();
      small.push_back(giver);
    }
  }

  // The outcome that 32 random bits give.
  std::uint32_t operator[](std::uint32_t random) const noexcept {
    const std::uint32_t own = random >> kHeightBits;
    const std::uint32_t column = columns_[own];
    // Without a branch, which could not be foretold.
    const std::uint32_t is_above = 0u - ((random & (kColumn - 1)) >= column >> kBits);
    return own ^ ((own ^ column) & (kColumns - 1) & is_above);
  }

 private:
  static constexpr std::uint32_t kColumns = 1u << kBits;
  static constexpr int kHeightBits = 32 - kBits;
  static constexpr std::uint32_t kColumn = 1u << kHeightBits;  // what each column holds

  static std::vector<std::uint64_t> in_parts(std::span<const std::uint64_t> weights) {
    std::uint64_t total = 0;
    for (const std::uint64_t weight : weights) total += weight;
    std::vector<std::uint64_t> parts(kColumns);
    parts[0] = std::uint64_t{1} << 32;
    for (std::size_t i = 1; i < weights.size(); ++i) {
      parts[i] = ((weights[i] << 32) + total / 2) / total;
      parts[0] -= parts[i];
    }
    return parts;
  }

  // How high the column's own outcome reaches, and in the low bits the outcome above it.
  std::array<std::uint32_t, kColumns> columns_;
};

}  // namespace nb101
