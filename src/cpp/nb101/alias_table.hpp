// The alias method draws weighted outcomes in constant time (Walker, 1977; Vose, 1991).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace nb101 {

// The table has 2^kBits columns of equal height, one for each outcome. The lower part of a column
// belongs to its own outcome, and the rest to one other outcome. A draw picks a column and a
// height. Every probability is a multiple of 2^-32.
template <int kBits>
class AliasTable {
 public:
  // Takes at most 2^kBits probabilities, whose sum is 1. They are rounded to multiples of 2^-32,
  // and the most probable outcome gets the rounding error.
  explicit AliasTable(std::span<const double> probabilities) {
    std::vector<std::uint64_t> parts = in_parts(probabilities);
    std::vector<std::uint32_t> small;
    std::vector<std::uint32_t> large;
    for (std::uint32_t i = 0; i < kColumns; ++i) {
      columns_[i] = i;
      (parts[i] < kColumn ? small : large).push_back(i);
    }
    // Fills each column that is too low with a part of an outcome that is too large for its column.
    while (!small.empty()) {
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

  // Maps 32 random bits to an outcome: the upper bits pick the column, the lower ones the height.
  std::uint32_t operator[](std::uint32_t random) const noexcept {
    const std::uint32_t own = random >> kHeightBits;
    const std::uint32_t column = columns_[own];
    // The processor could not predict a branch here. `is_above` is all ones if the height is above
    // the part of the own outcome, else 0, and own ^ ((own ^ other) & mask) is `other` or `own`.
    const std::uint32_t is_above = 0u - ((random & (kColumn - 1)) >= column >> kBits);
    return own ^ ((own ^ column) & (kColumns - 1) & is_above);
  }

 private:
  static constexpr std::uint32_t kColumns = 1u << kBits;
  static constexpr int kHeightBits = 32 - kBits;
  static constexpr std::uint32_t kColumn = 1u << kHeightBits;  // the height of a full column

  // Returns the probabilities as multiples of 2^-32. They add up to 2^32.
  static std::vector<std::uint64_t> in_parts(std::span<const double> probabilities) {
    std::vector<std::uint64_t> parts(kColumns);
    std::uint64_t rest = std::uint64_t{1} << 32;
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
      // NOLINTNEXTLINE(bugprone-incorrect-roundings): no probability is near half a part exactly
      parts[i] = static_cast<std::uint64_t>(probabilities[i] * 0x1p32 + 0.5);
      rest -= parts[i];
    }
    *std::ranges::max_element(parts) += rest;  // modulo 2^64, so it may be negative
    return parts;
  }

  // The upper bits hold the height of the column's own part, the low kBits the outcome above it.
  std::array<std::uint32_t, kColumns> columns_;
};

}  // namespace nb101
