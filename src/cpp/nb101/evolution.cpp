#include "nb101/evolution.hpp"

#include <numeric>
#include <utility>

namespace nb101 {

Evolution::Evolution(const Settings& settings, const SimulatedTraining& training,
                     std::uint64_t seed)
    : settings_(settings),
      sampler_(settings.sampling),
      budget_(final_budget(training)),
      random_(seed) {
  codes_.reserve(settings.population);
  accuracies_.reserve(settings.population);
  order_.resize(settings.population);
  std::iota(order_.begin(), order_.end(), 0);
}

Proposal Evolution::ask() {
  if (codes_.size() < settings_.population) {
    return {sampler_(random_.word()), budget_};
  }
  hold_tournament();
  Code child;
  settings_.mutate({&codes_[best_], 1}, random_.word(), &child);
  return {child, budget_};
}

void Evolution::tell(const Trial& trial) {
  const Code code = trial.proposal.code;
  const double accuracy = trial.outcome.validation_accuracy;
  if (codes_.size() < settings_.population) {
    codes_.push_back(code);
    accuracies_.push_back(accuracy);
    return;
  }
  const std::size_t dying = settings_.is_regularized ? oldest_ : worst_;
  codes_[dying] = code;
  accuracies_[dying] = accuracy;
  oldest_ = oldest_ + 1 == codes_.size() ? 0 : oldest_ + 1;
}

std::uint32_t Evolution::draw_member(std::uint32_t number) noexcept {
  if (settings_.with_replacement) return random_.below(settings_.population);
  std::swap(order_[number], order_[number + random_.below(settings_.population - number)]);
  return order_[number];
}

// If several members have the best or the worst accuracy, the one drawn first counts.
void Evolution::hold_tournament() noexcept {
  best_ = worst_ = draw_member(0);
  for (std::uint32_t number = 1; number < settings_.tournament; ++number) {
    const std::uint32_t member = draw_member(number);
    best_ = accuracies_[member] > accuracies_[best_] ? member : best_;
    worst_ = accuracies_[member] < accuracies_[worst_] ? member : worst_;
  }
}

}  // namespace nb101
