#include "nb101/bohb.hpp"

#include <optional>

namespace nb101 {

Proposal Bohb::ask() {
  if (brackets_.needs_code()) brackets_.start(choose());
  return {brackets_.code(), brackets_.budget()};
}

void Bohb::tell(const Trial& trial) {
  const double accuracy = trial.outcome.validation_accuracy;
  brackets_.tell(accuracy);  // first, because it refuses what was not proposed
  model_->tell(trial.proposal.code, trial.proposal.budget, accuracy);
}

Code Bohb::choose() {
  std::optional<Code> code;
  if (model_->budget() && random_.fraction() >= settings_.random_fraction) {
    code = model_->propose(settings_.num_samples, random_);
  }
  return code ? *code : sampler_(random_.word());
}

}  // namespace nb101
