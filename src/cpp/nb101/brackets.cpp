#include "nb101/brackets.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace nb101 {
namespace {

std::uint32_t power(std::uint32_t base, std::uint32_t exponent) noexcept {
  std::uint32_t result = 1;
  while (exponent-- > 0) result *= base;
  return result;
}

}  // namespace

Brackets::Brackets(std::uint32_t num_budgets, std::uint32_t eta)
    : num_budgets_(num_budgets), eta_(eta) {
  open_bracket();
}

void Brackets::open_bracket() {
  const std::uint32_t below_last = num_budgets_ - 1 - bracket_ % num_budgets_;
  num_started_ = num_budgets_ / (below_last + 1) * power(eta_, below_last);
  num_configurations_ = num_started_;
  budget_ = num_budgets_ - 1 - below_last;
  stage_ = 0;
  codes_.clear();
  accuracies_.clear();
}

void Brackets::tell(double accuracy) {
  if (needs_code()) {
    throw std::invalid_argument(
        "a result was told without a proposal; call ask() before each tell()");
  }
  accuracies_.push_back(std::isnan(accuracy) ? -std::numeric_limits<double>::infinity() : accuracy);
  if (accuracies_.size() < num_configurations_) return;
  if (budget_ + 1 < num_budgets_) return promote();
  ++bracket_;
  open_bracket();
}

// Keeps the configurations with the best accuracies, in the order in which they were started. The
// earlier of two equal ones is preferred.
void Brackets::promote() {
  ++stage_;
  ++budget_;
  num_configurations_ = std::max(1u, num_started_ / power(eta_, stage_));
  std::vector<std::size_t> best(codes_.size());
  std::iota(best.begin(), best.end(), 0);
  std::ranges::stable_sort(
      best, [&](std::size_t a, std::size_t b) { return accuracies_[a] > accuracies_[b]; });
  best.resize(num_configurations_);
  std::ranges::sort(best);
  std::vector<Code> promoted(best.size());
  std::ranges::transform(best, promoted.begin(), [&](std::size_t at) { return codes_[at]; });
  codes_ = std::move(promoted);
  accuracies_.clear();
}

}  // namespace nb101
