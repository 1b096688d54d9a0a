// REINFORCE (Williams, 1992) over 26 independent categoricals, as of nas_benchmarks.
#pragma once

#include <array>
#include <cstdint>

#include "nb101/search_run.hpp"

namespace nb101 {

class Reinforce {
 public:
  static constexpr bool kIgnoresInvalid = true;  // it learns nothing from them

  struct Settings {
    using Optimizer = Reinforce;

    double learning_rate = 0.5;
    double baseline_decay = 0.9;  // of the moving average of rewards, whose bias is taken out
  };

  Reinforce(const Settings& settings, const SimulatedTraining& training,
            std::uint64_t seed) noexcept;

  Proposal ask() noexcept;
  void tell(const Trial& trial) noexcept;

 private:
  static constexpr int kNumLabels = 3;
  static constexpr int kNumLogits = 2 * kMatrixBits + kNumLabels * kMaxInterior;

  void find_probabilities() noexcept;
  template <class Use>
  static void for_each_parameter(Use use);  // use(its first logit, how many, its bits' place)

  Settings settings_;
  std::uint32_t budget_;
  RandomStream random_;
  std::array<double, kNumLogits> logits_{};  // of absent and present by edge, then of each label
  std::array<double, kNumLogits> probabilities_{};
  double numerator_ = 0;    // of the baseline
  double denominator_ = 0;  // likewise
};

}  // namespace nb101
