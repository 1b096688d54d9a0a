#include "nb101/smac.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <stdexcept>

#include "nb101/sentence.hpp"

namespace nb101 {
namespace {

constexpr int kMostKnown = 16;  // known configurations that are passed over before one is drawn

double mean_of_first(const std::vector<double>& costs, std::size_t count) {
  const auto end = costs.begin() + static_cast<std::ptrdiff_t>(count);
  return std::accumulate(costs.begin(), end, 0.0) / static_cast<double>(count);
}

}  // namespace

// A challenger is trained in rounds, until it is out. Then the incumbent is trained once more if it
// may be, and a new challenger follows.
Proposal Smac::ask() {
  if (outstanding_ == 0) outstanding_ = trainings_of_next_round();
  if (outstanding_ == 0) {
    const bool may_train_again =
        !incumbent_.costs.empty() && incumbent_.costs.size() < settings_.max_evaluations;
    if (may_train_again && !incumbent_had_turn_) {
      incumbent_had_turn_ = true;
      return {incumbent_.code, budget_};
    }
    incumbent_had_turn_ = false;
    challenger_ = {next_configuration(), {}};
    has_lost_ = false;
    round_ = 1;
    outstanding_ = trainings_of_next_round();
  }
  --outstanding_;
  return {challenger_.code, budget_};
}

// Each round allows twice as many trainings as the one before, but not more than the incumbent has.
// Returns how many of them are left to do, and 0 if the challenger is out.
std::uint32_t Smac::trainings_of_next_round() {
  while (round_ > 0) {
    if (has_lost_ || is_incumbent(challenger_.code)) {
      round_ = 0;
      return 0;
    }
    const auto done = static_cast<std::uint32_t>(challenger_.costs.size());
    const auto comparable = static_cast<std::uint32_t>(incumbent_.costs.size());
    const std::uint32_t allowed = comparable == 0 ? round_ : std::min(round_, comparable);
    round_ = round_ < settings_.max_evaluations ? 2 * round_ : 0;
    if (allowed > done) return allowed - done;
  }
  return 0;
}

void Smac::tell(const Trial& trial) {
  const Code code = trial.proposal.code;
  const double cost = 1 - trial.outcome.validation_accuracy;
  if (!std::isfinite(cost)) {
    throw std::invalid_argument(sentence("a validation accuracy of ",
                                         trial.outcome.validation_accuracy,
                                         " is not allowed; tell SMAC a finite number"));
  }
  codes_.push_back(code);
  costs_.push_back(cost);
  const auto place = std::ranges::lower_bound(known_, code);
  if (place == known_.end() || *place != code) known_.insert(place, code);

  if (is_incumbent(code)) {
    incumbent_.costs.push_back(cost);
  } else if (code == challenger_.code) {
    challenger_.costs.push_back(cost);
    if (!race(challenger_)) has_lost_ = true;
  } else {  // a result that was not asked for
    race({code, {cost}});
  }
}

// Compares the first costs of both and returns whether the challenger is better. If it was trained
// as often, it then replaces the incumbent.
bool Smac::race(const Contender& challenger) {
  const std::size_t count = challenger.costs.size();
  const std::size_t common = std::min(count, incumbent_.costs.size());
  const bool is_better = common == 0 || mean_of_first(challenger.costs, common) <
                                            mean_of_first(incumbent_.costs, common);
  if (is_better && count >= incumbent_.costs.size()) incumbent_ = challenger;
  return is_better;
}

bool Smac::is_incumbent(Code code) const {
  return !incumbent_.costs.empty() && code == incumbent_.code;
}

bool Smac::is_known(Code code) const { return std::ranges::binary_search(known_, code); }

// Returns a configuration that was not trained yet. The forest is trained only if a configuration
// is not to be drawn at random.
Code Smac::next_configuration() {
  std::optional<std::vector<Code>> searched;
  std::size_t next = 0;
  for (int num_known = 0; !known_.empty() && num_known < kMostKnown; ++num_known) {
    if (searched && next == searched->size()) break;
    Code code;
    if (random_.fraction() < settings_.random_fraction) {
      code = sampler_(random_.word());
    } else {
      if (!searched) searched = challengers();
      code = (*searched)[next++];
    }
    if (!is_known(code)) return code;
  }
  Code code = sampler_(random_.word());
  while (is_known(code)) code = sampler_(random_.word());
  return code;
}

// Trains a forest on all trainings and searches with it.
std::vector<Code> Smac::challengers() {
  RandomForest forest(settings_.num_trees);
  forest.train(codes_, costs_, forest_seed_);
  return find_challengers(forest, known_, random_);
}

}  // namespace nb101
