#include "nb101/run_table.hpp"

#include <cmath>

#include "nb101/exact.hpp"
#include "nb101/index.hpp"
#include "nb101/parallel.hpp"
#include "nb101/record_order.hpp"

namespace nb101 {

void ExactColumn::push_back(double value) {
  if (!is_wide_ && !holds<float>(value)) {
    wide_.reserve(narrow_.capacity());
    wide_.assign(narrow_.begin(), narrow_.end());
    std::vector<float>().swap(narrow_);
    is_wide_ = true;
  }
  if (is_wide_) {
    wide_.push_back(value);
  } else {
    narrow_.push_back(static_cast<float>(value));
  }
}

void RunTable::reserve(std::size_t runs) {
  cell_ids_.reserve(runs);
  epochs_.reserve(runs);
  graphs_.reserve(runs);
  parameters_.reserve(runs);
  total_times_.reserve(runs);
  for (ExactColumn& column : staged_) column.reserve(runs);
}

void RunTable::append(std::span<const Run> runs, int threads) {
  for (const Run& run : runs) {
    inspect(run);
    cell_ids_.push_back(run.cell_id);
    epochs_.push_back(run.epochs);
    graphs_.push_back(run.graph);
    parameters_.push_back(run.metrics.trainable_parameters);
    total_times_.push_back(run.metrics.total_time);
  }
  const auto append_columns = [&](std::size_t begin, std::size_t end) {
    for (std::size_t slot = begin; slot < end; ++slot) {
      const auto metric = static_cast<Metric>(slot / kNumStages);
      const auto stage = static_cast<Stage>(slot % kNumStages);
      for (const Run& run : runs) staged_[slot].push_back(value_of(run, metric, stage));
    }
  };
  parallel_for(kStagedColumns, threads, append_columns, 1);
}

void RunTable::inspect(const Run& run) {
  const auto note = [&](Finding& finding, const std::string& what) {
    if (finding.count++ > 0) return;
    finding.first = "run " + std::to_string(size()) + " (cell " + std::to_string(run.cell_id) +
                    ", " + std::to_string(run.epochs) + " epochs): " + what;
  };
  const auto rule = SearchSpace::instance().parameters()[static_cast<std::size_t>(run.cell_id)];
  if (std::int64_t{run.metrics.trainable_parameters} != std::int64_t{rule}) {
    note(findings_.other_parameters, std::to_string(run.metrics.trainable_parameters) +
                                         " trainable parameters, " + std::to_string(rule) +
                                         " by the rule");
  }
  double time_before = 0;
  for (const Evaluation& evaluation : run.metrics.evaluations) {
    for (const double accuracy :
         {evaluation.train_accuracy, evaluation.validation_accuracy, evaluation.test_accuracy}) {
      if (accuracy >= 0 && accuracy <= 1) continue;
      note(findings_.odd_accuracies, "an accuracy of " + std::to_string(accuracy));
    }
    if (!(evaluation.training_time >= time_before) || std::isinf(evaluation.training_time)) {
      note(findings_.odd_times, "a training time of " + std::to_string(evaluation.training_time) +
                                    " s after " + std::to_string(time_before) + " s");
    }
    time_before = evaluation.training_time;
  }
}

void RunTable::append_index(const IndexView& index) {
  constexpr std::size_t kBlock = 4096;
  RecordOrder order(index);
  std::vector<Run> runs;
  while (const auto place = order.next()) {
    runs.push_back(index.run(place->row, place->budget, place->repeat));
    if (runs.size() < kBlock) continue;
    append(runs);
    runs.clear();
  }
  append(runs);
}

}  // namespace nb101
