#include "nb101/local_search.hpp"

#include <algorithm>

#include "nb101/change.hpp"

namespace nb101 {

Proposal LocalSearch::ask() {
  return {has_place_ ? waiting_.back() : sampler_(random_.word()), budget_};
}

void LocalSearch::tell(const Trial& trial) {
  const double accuracy = trial.outcome.validation_accuracy;
  if (!has_place_) {
    if (trial.cell_id != kNoCell) move_to(trial.proposal.code, accuracy);
    return;
  }
  waiting_.pop_back();
  if (accuracy > best_accuracy_) {
    best_ = trial.proposal.code;
    best_accuracy_ = accuracy;
  }
  if (!waiting_.empty()) return;
  if (best_accuracy_ > accuracy_) {
    move_to(best_, best_accuracy_);
  } else {
    has_place_ = false;
  }
}

// Collects one code for each other cell that a single change leads to, and shuffles them.
void LocalSearch::move_to(Code code, double accuracy) {
  accuracy_ = best_accuracy_ = accuracy;
  waiting_.clear();
  std::vector<std::int32_t> seen = {training_->cell(code), kNoCell};
  for (const Code change : kSingleChanges) {
    const Code neighbor = changed(code, change);
    const std::int32_t cell_id = training_->cell(neighbor);
    if (std::ranges::find(seen, cell_id) != seen.end()) continue;
    seen.push_back(cell_id);
    waiting_.push_back(neighbor);
  }
  random_.shuffle(waiting_);
  has_place_ = !waiting_.empty();
}

}  // namespace nb101
