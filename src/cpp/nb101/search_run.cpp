#include "nb101/search_run.hpp"

namespace nb101 {

bool SearchRun::finish_training(const Trial& trial) {
  const double end = seconds_ + trial.outcome.seconds;
  is_over_ = end > budget_seconds_;
  if (is_over_) return false;
  num_free_in_a_row_ = trial.outcome.seconds > 0 ? 0 : num_free_in_a_row_ + 1;
  seconds_ = end;
  ++num_evaluations_;
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
                                trial.repeat};
  if (is_better) incumbents_.push_back(observation);
  if (recorded_ == Recorded::everything) observations_.push_back(observation);
  return true;
}

}  // namespace nb101
