// The expected improvement of a configuration: by how much it is expected to cost less than the
// best one (Jones et al., 1998), if its cost has a normal distribution.
#pragma once

#include <array>
#include <cstddef>

namespace nb101 {

// A variance below this one, which is SMAC3's, is replaced by it.
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

  // Element i is for (mean - best) / deviation from i / 8 to (i + 1) / 8. It is the improvement in
  // deviations at i / 8, where it is greatest, because it falls as the mean grows.
  std::array<double, kSteps> at_most_;
};

}  // namespace nb101
