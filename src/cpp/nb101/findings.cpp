#include "nb101/findings.hpp"

#include <cmath>

#include "nb101/search_space.hpp"
#include "nb101/sentence.hpp"

namespace nb101 {
namespace {

// Notes what is unusual in one run.
class Inspection {
 public:
  Inspection(Findings& findings, const Run& run, std::uint64_t number)
      : findings_(findings), run_(run), number_(number) {}

  void inspect_parameters() {
    const std::uint32_t rule =
        SearchSpace::instance().parameters()[static_cast<std::size_t>(run_.cell_id)];
    const std::int32_t stated = run_.metrics.trainable_parameters;
    if (std::int64_t{stated} == std::int64_t{rule}) return;
    note(findings_.other_parameters, stated, " trainable parameters, ", rule, " by the rule");
  }

  // The stages come in their order, because a time must not be shorter than the one before.
  void inspect_stage(Stage stage) {
    const Evaluation& evaluation = run_.metrics.evaluations[static_cast<std::size_t>(stage)];
    for (const Metric metric :
         {Metric::train_accuracy, Metric::validation_accuracy, Metric::test_accuracy}) {
      const double accuracy = evaluation.*kStagedFields[static_cast<std::size_t>(metric)];
      if (accuracy >= 0 && accuracy <= 1) continue;
      if (is_missing(accuracy, metric, stage)) continue;
      note(findings_.odd_accuracies, "an accuracy of ", accuracy);
    }
    inspect_time(evaluation.training_time, stage);
    const double epoch = evaluation.current_epoch;
    if (!(epoch >= 0 && std::isfinite(epoch)) && !is_missing(epoch, Metric::current_epoch, stage)) {
      note(findings_.odd_epochs, "a current epoch of ", epoch);
    }
  }

  void inspect_total_time() {
    const double total = run_.metrics.total_time;
    if (total >= 0 && total <= kLongestTime) return;
    if (is_missing(total, Metric::total_time, Stage::start)) return;
    note(findings_.odd_times, "a total time of ", total, " s");
  }

 private:
  void inspect_time(double time, Stage stage) {
    if (is_missing(time, Metric::training_time, stage)) return;
    if (!(time >= time_before_ && time <= kLongestTime)) {
      note(findings_.odd_times, "a training time of ", time, " s after ", time_before_, " s");
    }
    time_before_ = time;
  }

  bool is_missing(double value, Metric metric, Stage stage) {
    if (!std::isnan(value)) return false;
    note(findings_.missing_values[column_slot(metric, stage)], "NaN");
    return true;
  }

  template <class... Parts>
  void note(Finding& finding, const Parts&... parts) const {
    if (finding.count++ > 0) return;
    finding.first = sentence("run ", number_, " (cell ", run_.cell_id, ", ", run_.epochs,
                             " epochs): ", parts...);
  }

  Findings& findings_;
  const Run& run_;
  std::uint64_t number_;
  double time_before_ = 0;
};

}  // namespace

void Findings::inspect(const Run& run, std::uint64_t number) {
  Inspection inspection(*this, run, number);
  inspection.inspect_parameters();
  for (const Stage stage : {Stage::start, Stage::halfway, Stage::final}) {
    inspection.inspect_stage(stage);
  }
  inspection.inspect_total_time();
}

}  // namespace nb101
