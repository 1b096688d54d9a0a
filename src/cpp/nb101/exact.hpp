// Whether a double fits a narrower type to the bit.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>

namespace nb101 {

template <class T>
bool holds(double value) noexcept {  // the sign of zero and the bits of NaN too
  const auto narrow = static_cast<double>(static_cast<T>(value));
  return std::bit_cast<std::uint64_t>(narrow) == std::bit_cast<std::uint64_t>(value);
}

// The k of a value that is float32(k / denominator), else none.
inline std::optional<std::uint16_t> count_of(double value, std::uint32_t denominator) noexcept {
  if (!(value >= 0 && value <= 1) || std::signbit(value)) return std::nullopt;
  const double count = std::nearbyint(value * denominator);
  const float exact = static_cast<float>(count) / static_cast<float>(denominator);
  if (static_cast<double>(exact) != value) return std::nullopt;
  return static_cast<std::uint16_t>(count);
}

}  // namespace nb101
