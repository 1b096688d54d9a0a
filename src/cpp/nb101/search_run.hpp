// One run of one optimizer on the simulated clock: draws of repeats, costs, the incumbent.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nb101/random.hpp"
#include "nb101/simulated_training.hpp"

namespace nb101 {

// What an optimizer wants trained, and at which of the budgets.
struct Proposal {
  Code code = 0;
  std::uint32_t budget = 0;
};

inline std::uint32_t final_budget(const SimulatedTraining& training) noexcept {
  return static_cast<std::uint32_t>(training.num_budgets() - 1);
}

// A training under way, whose repeat is drawn. kNoCell: an invalid configuration, which is free.
struct Trial {
  Proposal proposal;
  std::int32_t cell_id = kNoCell;
  std::uint32_t repeat = 0;
  Outcome outcome;
};

// A training that ended within the budget.
struct Observation {
  double end_seconds;  // on the simulated clock
  double validation_accuracy;
  double test_accuracy;  // as it would be reported of this cell
  Code code;
  std::int32_t cell_id;
  std::uint32_t budget;
  std::uint32_t repeat;
};

enum class Recorded { incumbents, everything };

class SearchRun {
 public:
  // As of a word of their own, so that the optimizer's draws and the repeats' don't touch.
  SearchRun(const SimulatedTraining& training, double budget_seconds, std::uint64_t seed,
            Recorded recorded) noexcept
      : training_(&training),
        budget_seconds_(budget_seconds),
        repeats_(seed),
        recorded_(recorded) {}

  // What training the proposal will give: written in place, for the sake of the loop over many
  // runs.
  void start(Trial& trial) noexcept;

  // False where it would end after the budget: it doesn't count then, and the run is over.
  bool finish(const Trial& trial);

  // An invalid configuration.
  void pass_over() noexcept {
    ++num_invalid_;
    ++num_free_in_a_row_;
  }

  bool is_over() const noexcept { return is_over_; }
  double seconds() const noexcept { return seconds_; }
  std::uint64_t num_evaluations() const noexcept { return num_evaluations_; }
  std::uint64_t num_invalid() const noexcept { return num_invalid_; }
  std::uint64_t num_free_in_a_row() const noexcept { return num_free_in_a_row_; }

  // Each better in observed validation accuracy than those before.
  const std::vector<Observation>& incumbents() const noexcept { return incumbents_; }
  const std::vector<Observation>& observations() const noexcept { return observations_; }

 private:
  bool finish_training(const Trial& trial);

  const SimulatedTraining* training_;
  double budget_seconds_;
  RandomStream repeats_;
  Recorded recorded_;
  bool is_over_ = false;
  double seconds_ = 0;
  std::uint64_t num_evaluations_ = 0;
  std::uint64_t num_invalid_ = 0;
  std::uint64_t num_free_in_a_row_ = 0;
  std::vector<Observation> incumbents_;
  std::vector<Observation> observations_;
};

inline void SearchRun::start(Trial& trial) noexcept {
  const auto [code, budget] = trial.proposal;
  const std::int32_t cell_id = training_->cell(code);
  trial.cell_id = cell_id;
  if (cell_id == kNoCell) {
    trial.outcome = {};
    return;
  }
  trial.repeat = repeats_.below(training_->run_count(budget, cell_id));
  trial.outcome = training_->outcome(budget, cell_id, trial.repeat);
}

inline bool SearchRun::finish(const Trial& trial) {
  if (is_over_) return false;
  if (trial.cell_id != kNoCell) return finish_training(trial);
  pass_over();
  return true;
}

}  // namespace nb101
