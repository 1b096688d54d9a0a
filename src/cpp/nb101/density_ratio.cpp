#include "nb101/density_ratio.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace nb101 {
namespace {

constexpr std::size_t kTopPercent = 15;  // so many of 100 configurations are good
// Each density has more points than parameters.
constexpr std::size_t kMinPoints = kNumParameters + 1;
constexpr double kLeastDensity = 1e-32;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// An undefined density of the bad counts as the least one. An undefined density of the good makes
// the ratio undefined.
double ratio(double bad, double good) noexcept {
  return std::max(kLeastDensity, bad) / std::max(good, kLeastDensity);
}

}  // namespace

void DensityRatio::tell(Code code, std::uint32_t budget, double accuracy) {
  if (budget_ && *budget_ > budget) return;
  if (trained_.size() <= budget) trained_.resize(budget + std::size_t{1});
  auto& [losses, points] = trained_[budget];
  const double loss = std::isfinite(accuracy) ? 1 - accuracy : kInfinity;
  const auto place = std::ranges::upper_bound(losses, loss) - losses.begin();
  losses.insert(losses.begin() + place, loss);
  points.insert(points.begin() + place, point_of(code));
  if (points.size() < 2 * kMinPoints) return;
  for (std::uint32_t below = 0; below < budget; ++below) trained_[below] = {};
  budget_ = budget;
  is_fitted_ = false;
}

void DensityRatio::fit() {
  if (is_fitted_) return;
  const std::span<const Point> points(trained_[*budget_].points);
  const std::size_t num_good = std::max(kMinPoints, kTopPercent * points.size() / 100);
  const std::size_t num_bad = std::max(kMinPoints, (100 - kTopPercent) * points.size() / 100);
  const std::span<const Point> rest = points.subspan(num_good);
  good_ = KernelDensity(points.first(num_good), min_bandwidth_);
  bad_ = KernelDensity(rest.first(std::min(num_bad, rest.size())), min_bandwidth_);
  is_fitted_ = true;
}

const KernelDensity& DensityRatio::good() {
  fit();
  return good_;
}

const KernelDensity& DensityRatio::bad() {
  fit();
  return bad_;
}

std::optional<Code> DensityRatio::propose(std::uint32_t num_samples, RandomStream& random) {
  fit();
  double least = kInfinity;
  std::optional<Code> best;
  for (std::uint32_t i = 0; i < num_samples; ++i) {
    const Point sample = good_.draw(random);
    const double good = good_(sample);
    const double found = ratio(bad_(sample), good);
    // If all bad configurations have one value of a parameter and a sample has another, its ratio
    // is infinite. HpBandSter takes it at once.
    if (!std::isfinite(found) && std::isfinite(good)) return code_of(sample);
    if (!(found < least)) continue;
    least = found;
    best = code_of(sample);
  }
  return best;
}

}  // namespace nb101
