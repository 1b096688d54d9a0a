#include "nb101/search_run.hpp"

#include <stdexcept>
#include <string>

#include "nb101/sentence.hpp"

namespace nb101 {

bool SearchRun::finish_training(const Trial& trial) {
  const double end = seconds_ + trial.outcome.seconds;
  is_over_ = end > limits_.seconds;
  if (is_over_) return false;
  const bool is_free = trial.outcome.seconds == 0 && !limits_.limits_evaluations();
  num_free_in_a_row_ = is_free ? num_free_in_a_row_ + 1 : 0;
  seconds_ = end;
  is_over_ = ++num_evaluations_ == limits_.evaluations;
  const double accuracy = trial.outcome.validation_accuracy;
  const bool is_better = incumbents_.empty() || accuracy > incumbents_.back().validation_accuracy;
  if (!is_better && recorded_ == Recorded::incumbents) return true;
  const std::uint32_t budget = trial.proposal.budget;
  const Observation observation{end,
                                accuracy,
                                training_->reported_test(budget, trial.cell_id, trial.repeat),
                                trial.proposal.code,
                                trial.cell_id,
                                budget,
                                trial.repeat,
                                num_evaluations_};
  if (is_better) incumbents_.push_back(observation);
  if (recorded_ == Recorded::everything) observations_.push_back(observation);
  return true;
}

void SearchRun::give_up(std::uint64_t number) {
  static_assert(kMostFreeInARow == 1'000'000);
  throw std::invalid_argument(sentence(
      "run ", number,
      " proposed 1,000,000 configurations in a row that cost nothing, so its budget would never be "
      "spent: they are not cells of this index, or their trainings take 0 s; limit the evaluations "
      "too, or use an index with more cells"));
}

}  // namespace nb101
