// By how much a configuration is expected to cost less than the best one (Jones et al., 1998), if
// its cost has a normal distribution.
#pragma once

#include <array>
#include <cstddef>

namespace nb101 {

// A lower variance than this, which is SMAC3's, is replaced by it.
inline constexpr double kMinVariance = 1e-10;

double expected_improvement(double mean, double variance, double best) noexcept;

// An upper bound that needs neither exp nor erfc. Most candidates can be dropped by it.
class ImprovementBound {
 public:
  ImprovementBound() noexcept;

  double operator()(double mean, double variance, double best) const noexcept;

 private:
  static constexpr std::size_t kSteps = 128;
  static constexpr double kStepsPerDeviation = 8;

  // By steps of (mean - best) / deviation from 0 on: the improvement in deviations at the step's
  // beginning, where it is greatest.
  std::array<double, kSteps> at_most_;
};

}  // namespace nb101
