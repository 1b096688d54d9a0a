#include "nb101/reinforce.hpp"

#include <algorithm>
#include <cmath>

namespace nb101 {
namespace {

constexpr double kLeastReward = 0.001;  // nas_benchmarks ignores rewards that are not above it

}  // namespace

template <class Use>
void Reinforce::for_each_parameter(Use use) {
  for (int edge = 0; edge < kMatrixBits; ++edge) use(2 * edge, 2, edge);
  for (int i = 0; i < kMaxInterior; ++i) {
    use(2 * kMatrixBits + kNumLabels * i, kNumLabels, kMatrixBits + 2 * i);
  }
}

Reinforce::Reinforce(const Settings& settings, const SimulatedTraining& training,
                     std::uint64_t seed) noexcept
    : settings_(settings), budget_(final_budget(training)), random_(seed) {
  find_probabilities();
}

void Reinforce::find_probabilities() noexcept {
  for_each_parameter([this](int first, int count, int) {
    const double* const logits = &logits_[static_cast<std::size_t>(first)];
    double* const probabilities = &probabilities_[static_cast<std::size_t>(first)];
    // Subtracting the highest logit does not change the softmax and avoids an overflow of exp.
    const double highest = *std::max_element(logits, logits + count);
    double sum = 0;
    for (int i = 0; i < count; ++i) sum += probabilities[i] = std::exp(logits[i] - highest);
    for (int i = 0; i < count; ++i) probabilities[i] /= sum;
  });
}

Proposal Reinforce::ask() noexcept {
  Code code = 0;
  for_each_parameter([&](int first, int count, int bit) {
    const double* const probabilities = &probabilities_[static_cast<std::size_t>(first)];
    double rest = random_.fraction();
    Code choice = 0;
    while (static_cast<int>(choice) + 1 < count && rest >= probabilities[choice]) {
      rest -= probabilities[choice++];
    }
    code |= choice << bit;
  });
  return {code, budget_};
}

void Reinforce::tell(const Trial& trial) noexcept {
  const double reward = trial.outcome.validation_accuracy;
  if (!(reward > kLeastReward)) return;
  const double decay = settings_.baseline_decay;
  numerator_ = decay * numerator_ + (1 - decay) * reward;
  denominator_ = decay * denominator_ + (1 - decay);
  // The gradient of the log-probability of the choice is 1 - p for its logit and -p for the others.
  const double step = settings_.learning_rate * (reward - numerator_ / denominator_);
  for_each_parameter([&](int first, int count, int bit) {
    const int chosen = static_cast<int>(trial.proposal.code >> bit) & (count == 2 ? 1 : 3);
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(first + i);
      logits_[at] += step * ((i == chosen ? 1.0 : 0.0) - probabilities_[at]);
    }
  });
  find_probabilities();
}

}  // namespace nb101
