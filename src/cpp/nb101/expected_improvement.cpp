#include "nb101/expected_improvement.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nb101 {
namespace {

double density(double z) noexcept {
  return std::exp(-z * z / 2) / std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
}

double probability_below(double z) noexcept { return std::erfc(-z / std::numbers::sqrt2) / 2; }

double deviation_of(double variance) noexcept {
  return std::sqrt(std::max(variance, kMinVariance));
}

}  // namespace

double expected_improvement(double mean, double variance, double best) noexcept {
  const double deviation = deviation_of(variance);
  const double z = (best - mean) / deviation;
  return (best - mean) * probability_below(z) + deviation * density(z);
}

ImprovementBound::ImprovementBound() noexcept {
  constexpr double kForRounding = 1 + 1e-9;
  for (std::size_t step = 0; step < kSteps; ++step) {
    const double mean = static_cast<double>(step) / kStepsPerDeviation;
    at_most_[step] = expected_improvement(mean, 1, 0) * kForRounding;
  }
}

double ImprovementBound::operator()(double mean, double variance, double best) const noexcept {
  const double deviation = deviation_of(variance);
  const double above = (mean - best) / deviation * kStepsPerDeviation;
  // Let f(x) be the improvement in deviations of a mean x deviations above the best. For x >= 0,
  // f(-x) = x + f(x), and f(x) is at most f(0).
  if (!(above > 0)) return best - mean + deviation * at_most_[0];
  constexpr double kLast = kSteps - 1;
  return deviation * at_most_[static_cast<std::size_t>(std::min(above, kLast))];
}

}  // namespace nb101
