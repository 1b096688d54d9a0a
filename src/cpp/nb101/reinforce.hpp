// REINFORCE (Williams, 1992) learns 26 independent categorical distributions: one for each of the
// 21 edges and the 5 labels. The rules are those of nas_benchmarks.
#pragma once

#include <array>
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
  static constexpr int kNumLabels = 3;
  static constexpr int kNumLogits = 2 * kMatrixBits + kNumLabels * kMaxInterior;

  void find_probabilities() noexcept;
  // Calls use(first, count, bit) for each parameter: its first logit, its number of logits, and the
  // first bit of its value in a code.
  template <class Use>
  static void for_each_parameter(Use use);

  Settings settings_;
  std::uint32_t budget_;
  RandomStream random_;
  // Each edge has the logits of "absent" and "present". After these, each label has three logits.
  std::array<double, kNumLogits> logits_{};
  std::array<double, kNumLogits> probabilities_{};
  // The baseline is numerator_ / denominator_. Both are moving averages that start at 0: the one of
  // the rewards, the other of the number 1. So the quotient is not biased towards 0.
  double numerator_ = 0;
  double denominator_ = 0;
};

}  // namespace nb101
