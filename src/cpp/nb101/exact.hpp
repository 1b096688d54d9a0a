// Tells whether a double can be stored in a narrower type without loss.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>

namespace nb101 {

template <class T>
bool holds(double value) noexcept {  // the sign of zero and the bits of NaN must be kept too
  const auto narrow = static_cast<double>(static_cast<T>(value));
  return std::bit_cast<std::uint64_t>(narrow) == std::bit_cast<std::uint64_t>(value);
}

// Returns k if the value is float32(k / denominator), and nothing for any other value.
inline std::optional<std::uint16_t> count_of(double value, std::uint32_t denominator) noexcept {
  if (!(value >= 0 && value <= 1) || std::signbit(value)) return std::nullopt;
  // If this rounds a value the wrong way, the value is no count, and the comparison below tells so.
  // NOLINTNEXTLINE(bugprone-incorrect-roundings)
  const auto count = static_cast<std::uint32_t>(value * denominator + 0.5);
  const float exact = static_cast<float>(count) / static_cast<float>(denominator);
  if (static_cast<double>(exact) != value) return std::nullopt;
  return static_cast<std::uint16_t>(count);
}

}  // namespace nb101
