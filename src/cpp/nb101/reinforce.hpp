// REINFORCE (Williams, 1992) learns 26 independent categorical distributions: one for each of the
// 21 edges and the 5 labels. The rules are those of nas_benchmarks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "nb101/search_run.hpp"

namespace nb101 {

class Reinforce {
 public:
  static constexpr bool kIgnoresInvalid = true;  // tell() ignores a reward of 0

  struct Settings {
    using Optimizer = Reinforce;

    double learning_rate = 0.5;
    double baseline_decay = 0.9;  // the baseline is a moving average of rewards with this decay
  };

  Reinforce(const Settings& settings, const SimulatedTraining& training,
            std::uint64_t seed) noexcept;

  Proposal ask() noexcept;
  void tell(const Trial& trial) noexcept;

 private:
  static constexpr std::size_t kEdges = kMatrixBits;
  static constexpr std::size_t kLabels = kMaxInterior;  // how many vertices have a label
  static constexpr std::size_t kValues = 3;             // how many values a label has
  static constexpr std::size_t kNumbers = kEdges + kLabels * kValues;
  static constexpr std::size_t kPlanes = 32;

  using Numbers = std::array<double, kNumbers>;
  using Draws = std::array<double, kPlanes>;

  static constexpr std::size_t place(std::size_t value, std::size_t i) noexcept {
    return kEdges + kLabels * value + i;
  }
  static Numbers chosen_numbers(Code code) noexcept;
  static Numbers weights(const double* logits) noexcept;
  static Draws set_probabilities(const double* logits, double* probabilities) noexcept;
  void learn(Code code, double step) noexcept;

  Settings settings_;
  std::uint32_t budget_;
  std::uint64_t seed_;
  std::uint64_t num_asked_ = 0;
  // Number e is that of "present" for edge e. The logit of "absent" is its negative, because both
  // start at 0 and move by opposite steps. Number place(value, i) is that of a value of label i.
  Numbers logits_{};
  Numbers probabilities_{};
  // The thresholds of ask(), as a matrix of bits. Bit b of plane k is bit k of the threshold of
  // draw number b.
  std::array<std::uint32_t, kPlanes> planes_{};
  // The baseline is numerator_ / denominator_. Both are moving averages that start at 0: the one of
  // the rewards, the other of the number 1. So the quotient is not biased towards 0.
  double numerator_ = 0;
  double denominator_ = 0;
};

}  // namespace nb101
