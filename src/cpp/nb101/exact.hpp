// Tells whether a double can be stored in a narrower form without loss.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>

#include "nb101/bytes.hpp"

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

// Counts the seconds of a time in steps of 2^-22 s. A clock that tells the seconds since 1970 as a
// double has this step from 2004 to 2038, when they are 2^30 to 2^31: a double has 53 bits. The
// difference of two such times is a whole number of steps. 40 bits hold up to 2^18 s, or 3 days.
class Ticks {
 public:
  static constexpr double kPerSecond = 1 << 22;

  Ticks() = default;  // stands where a row has no run
  explicit Ticks(std::uint64_t count) noexcept {
    store(bytes_.data(), static_cast<std::uint32_t>(count));
    bytes_.back() = static_cast<std::uint8_t>(count >> 32);
  }

  // Returns nothing if the time is not a whole number of ticks, or too long, or negative, as -0 is.
  static std::optional<Ticks> of(double seconds) noexcept {
    const double count = seconds * kPerSecond;  // exact, because the factor is a power of two
    if (!(count >= 0 && count < static_cast<double>(kNoRun)) || std::signbit(count)) {
      return std::nullopt;
    }
    if (count != std::trunc(count)) return std::nullopt;
    return Ticks(static_cast<std::uint64_t>(count));
  }

  bool is_no_run() const noexcept { return count() == kNoRun; }
  double seconds() const noexcept { return static_cast<double>(count()) / kPerSecond; }

 private:
  static constexpr std::uint64_t kNoRun = (std::uint64_t{1} << 40) - 1;

  std::uint64_t count() const noexcept {
    return std::uint64_t{bytes_.back()} << 32 | load<std::uint32_t>(bytes_.data());
  }

  std::array<std::uint8_t, 5> bytes_ = {0xff, 0xff, 0xff, 0xff, 0xff};
};
static_assert(sizeof(Ticks) == 5);

}  // namespace nb101
