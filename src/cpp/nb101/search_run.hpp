// One run of one optimizer on a simulated clock. It draws the repeats, adds up the costs and keeps
// the incumbents.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "nb101/random.hpp"
#include "nb101/simulated_training.hpp"

namespace nb101 {

// The configuration that an optimizer wants to train, and the number of the budget.
struct Proposal {
  Code code = 0;
  std::uint32_t budget = 0;
};

inline std::uint32_t final_budget(const SimulatedTraining& training) noexcept {
  return static_cast<std::uint32_t>(training.num_budgets() - 1);
}

// A training that was started. Its repeat is already drawn. If the cell id is kNoCell, the
// configuration is invalid, and its training costs nothing.
struct Trial {
  Proposal proposal;
  std::int32_t cell_id = kNoCell;
  std::uint32_t repeat = 0;
  Outcome outcome;
};

// A training that ended within the budget.
struct Observation {
  double end_seconds;  // the time on the simulated clock when it ended
  double validation_accuracy;
  double test_accuracy;  // what would be reported for this cell
  Code code;
  std::int32_t cell_id;
  std::uint32_t budget;
  std::uint32_t repeat;
  std::uint64_t evaluation;  // how many trainings of the run had ended, including this one
};

// What a run may spend. It ends when either is spent.
struct Limits {
  double seconds = std::numeric_limits<double>::infinity();
  std::uint64_t evaluations = std::numeric_limits<std::uint64_t>::max();  // trainings that ended

  bool limits_evaluations() const noexcept { return evaluations != Limits{}.evaluations; }
};

enum class Recorded { incumbents, everything };

// A run that makes so many proposals in a row without coming nearer to its end is given up.
inline constexpr std::uint64_t kMostFreeInARow = 1'000'000;

class SearchRun {
 public:
  // `seed` is used only to draw repeats. The optimizer has another seed (see RunSeeds), so its
  // draws do not change when the repeats do.
  SearchRun(const SimulatedTraining& training, const Limits& limits, std::uint64_t seed,
            Recorded recorded) noexcept
      : training_(&training), limits_(limits), repeats_(seed), recorded_(recorded) {}

  // Draws the repeat of the trial's proposal and writes the cell and the outcome into the trial.
  void start(Trial& trial) noexcept;

  // Adds the trial to the run and returns true. The run is over if it was the last evaluation that
  // the limit allows. Returns false if the trial would end after the time limit. It then does not
  // count, and the run is over.
  bool finish(const Trial& trial);

  // Counts an invalid configuration.
  void pass_over() noexcept {
    ++num_invalid_;
    ++num_free_in_a_row_;
  }

  bool is_over() const noexcept { return is_over_; }
  double seconds() const noexcept { return seconds_; }
  std::uint64_t num_evaluations() const noexcept { return num_evaluations_; }
  std::uint64_t num_invalid() const noexcept { return num_invalid_; }
  // Throws std::invalid_argument, which names the run by its number, if the run is given up.
  void check_progress(std::uint64_t number) const {
    if (num_free_in_a_row_ >= kMostFreeInARow) give_up(number);
  }

  // The observations whose validation accuracy is better than that of all before them.
  const std::vector<Observation>& incumbents() const noexcept { return incumbents_; }
  const std::vector<Observation>& observations() const noexcept { return observations_; }

 private:
  bool finish_training(const Trial& trial);
  [[noreturn]] static void give_up(std::uint64_t number);

  const SimulatedTraining* training_;
  Limits limits_;
  RandomStream repeats_;
  Recorded recorded_;
  bool is_over_ = false;
  double seconds_ = 0;
  std::uint64_t num_evaluations_ = 0;
  std::uint64_t num_invalid_ = 0;
  std::uint64_t num_free_in_a_row_ = 0;  // proposals that brought the run no nearer to its end
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
