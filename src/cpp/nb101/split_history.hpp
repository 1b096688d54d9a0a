// The configurations of a run so far, split by their losses into the best few and the others, as
// weighted counts of the values of each parameter. This is what TPE learns from.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "nb101/cell.hpp"

namespace nb101 {

// The 26 parameters of a configuration: the 21 edges, then the 5 labels.
inline constexpr std::size_t kMostValues = 3;

// An edge is absent or present. A label is 0, 1 or 2.
constexpr std::size_t num_values(std::size_t parameter) noexcept {
  return parameter < kMatrixBits ? 2 : kMostValues;
}

// Returns the first bit of a parameter in a code. A label has two bits.
constexpr std::size_t first_bit(std::size_t parameter) noexcept {
  return parameter < kMatrixBits ? parameter : 2 * parameter - kMatrixBits;
}

// A number for each value of each parameter. The third number of an edge is 0.
using ByValue = std::array<std::array<double, kMostValues>, kNumParameters>;

class SplitHistory {
 public:
  // The best few are at most 25, and Hyperopt gives each of so few the weight 1.
  static constexpr std::size_t kMostBelow = 25;
  // The last so many of the others have weight 1. The weights of those before them rise linearly to
  // 1, from 1 divided by the number of the others. This is Hyperopt's linear forgetting.
  static constexpr std::size_t kNeverForgotten = 25;

  SplitHistory() { best_.reserve(kMostBelow + 1); }

  // Adds a configuration. Its loss must be a number.
  void add(Code code, double loss);

  std::size_t size() const noexcept { return size_; }

  struct Counts {
    ByValue below;      // how many of the best few have each value
    ByValue above;      // the sum of the weights of the others that have it, times above_unit
    double above_unit;  // makes these sums integers
  };

  // Splits off the num_below configurations with the least losses, the first of equal ones. There
  // must be so many, and at most kMostBelow.
  Counts counts(std::size_t num_below) const noexcept;

 private:
  // A sum for each bit of a code, over the configurations that have this bit. No code has bit 31,
  // so its sum is over all configurations. The sums are integers, which a double holds exactly for
  // the first 10^8 configurations. The sums in Counts are exact for the first 260,000.
  using ByBit = std::array<double, 32>;

  struct Configuration {
    Code code;
    double loss;
    std::size_t time;       // how many configurations came before
    ByBit counts_up_to_it;  // of all configurations up to this one
  };

  static void add_to(ByBit& sums, Code code, double amount) noexcept;
  static void add_to(ByBit& sums, const ByBit& others) noexcept;
  static ByValue by_value(const ByBit& sums) noexcept;

  static constexpr std::size_t kRecent = 64;  // at least kNeverForgotten + kMostBelow

  std::size_t size_ = 0;
  ByBit counts_{};
  ByBit times_{};                       // the sums of the times
  std::array<Code, kRecent> recent_{};  // the last codes; that of time t is at t % kRecent
  std::vector<Configuration> best_;     // at most kMostBelow, by loss and then by time
};

}  // namespace nb101
