#include "nb101/findings.hpp"

#include <cmath>

#include "nb101/search_space.hpp"

namespace nb101 {

void Findings::inspect(const Run& run, std::uint64_t number) {
  const auto note = [&](Finding& finding, const auto& describe) {
    if (finding.count++ > 0) return;
    finding.first = "run " + std::to_string(number) + " (cell " + std::to_string(run.cell_id) +
                    ", " + std::to_string(run.epochs) + " epochs): " + describe();
  };
  const auto note_value = [&](Finding& finding, const char* what, double value) {
    note(finding, [&] { return what + std::to_string(value); });
  };
  const std::uint32_t rule =
      SearchSpace::instance().parameters()[static_cast<std::size_t>(run.cell_id)];
  if (std::int64_t{run.metrics.trainable_parameters} != std::int64_t{rule}) {
    note(other_parameters, [&] {
      return std::to_string(run.metrics.trainable_parameters) + " trainable parameters, " +
             std::to_string(rule) + " by the rule";
    });
  }
  const auto is_missing = [&](double value, Metric metric, Stage stage) {
    if (!std::isnan(value)) return false;
    note(missing_values[column_slot(metric, stage)], [] { return "NaN"; });
    return true;
  };
  double time_before = 0;
  for (int position = 0; position < kNumStages; ++position) {
    const auto stage = static_cast<Stage>(position);
    const Evaluation& evaluation = run.metrics.evaluations[static_cast<std::size_t>(stage)];
    for (const Metric metric :
         {Metric::train_accuracy, Metric::validation_accuracy, Metric::test_accuracy}) {
      const double accuracy = evaluation.*kStagedFields[static_cast<std::size_t>(metric)];
      if (accuracy >= 0 && accuracy <= 1) continue;
      if (is_missing(accuracy, metric, stage)) continue;
      note_value(odd_accuracies, "an accuracy of ", accuracy);
    }
    const double time = evaluation.training_time;
    if (!is_missing(time, Metric::training_time, stage)) {
      if (!(time >= time_before && time <= kLongestTime)) {
        note(odd_times, [&] {
          return "a training time of " + std::to_string(time) + " s after " +
                 std::to_string(time_before) + " s";
        });
      }
      time_before = time;
    }
    const double epoch = evaluation.current_epoch;
    if (!(epoch >= 0 && std::isfinite(epoch)) && !is_missing(epoch, Metric::current_epoch, stage)) {
      note_value(odd_epochs, "a current epoch of ", epoch);
    }
  }
  const double total = run.metrics.total_time;
  if (!(total >= 0 && total <= kLongestTime) &&
      !is_missing(total, Metric::total_time, Stage::start)) {
    note(odd_times, [&] { return "a total time of " + std::to_string(total) + " s"; });
  }
}

}  // namespace nb101
