#include <doctest.h>

#include <limits>

#include "nb101/findings.hpp"
#include "sample_runs.hpp"

namespace nb101 {

namespace {

Run usual_run() {
  Run run = sample_runs().front();
  for (int stage = 0; stage < kNumStages; ++stage) {
    run.metrics.evaluations[static_cast<std::size_t>(stage)].training_time = 100.0 * stage;
  }
  run.metrics.total_time = 250;
  return run;
}

}  // namespace

TEST_CASE("a usual run has no findings") {
  Findings findings;
  findings.inspect(usual_run(), 0);
  for (const Finding& finding : {findings.other_parameters, findings.odd_accuracies,
                                 findings.odd_times, findings.odd_epochs}) {
    CHECK(finding.count == 0);
    CHECK(finding.first.empty());
  }
}

TEST_CASE("unusual values are counted, and the first is described") {
  Run run = usual_run();
  Evaluation& last = run.metrics.evaluations.back();
  run.metrics.trainable_parameters = -5;
  last.test_accuracy = 1.5;
  last.current_epoch = -1;
  last.training_time = 1e300;
  run.metrics.total_time = -1;
  Findings findings;
  findings.inspect(run, 7);
  findings.inspect(run, 8);
  CHECK(findings.other_parameters.count == 2);
  CHECK(findings.odd_accuracies.count == 2);
  CHECK(findings.odd_times.count == 4);
  CHECK(findings.odd_epochs.count == 2);
  CHECK(findings.odd_epochs.first == "run 7 (cell 0, 4 epochs): a current epoch of -1");
}

TEST_CASE("a value that is NaN is missing, and not unusual") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Run run = usual_run();
  run.metrics.evaluations[1] = {nan, nan, nan, nan, nan};
  run.metrics.total_time = nan;
  Findings findings;
  findings.inspect(run, 7);
  findings.inspect(run, 8);
  for (std::size_t slot = 0; slot < kNumColumns; ++slot) {
    const auto [metric, stage] = column_at(slot);
    const bool is_missing =
        is_staged(metric) ? stage == Stage::halfway : metric == Metric::total_time;
    CHECK(findings.missing_values[slot].count == (is_missing ? 2 : 0));
  }
  const std::size_t total = column_slot(Metric::total_time, Stage::start);
  CHECK(findings.missing_values[total].first == "run 7 (cell 0, 4 epochs): NaN");
  for (const Finding& finding :
       {findings.odd_accuracies, findings.odd_times, findings.odd_epochs}) {
    CHECK(finding.count == 0);
  }
}

TEST_CASE("an index has the findings of its runs") {
  std::vector<Run> runs(3, usual_run());
  runs[1].metrics.evaluations[1].validation_accuracy = -0.25;
  runs[2].metrics.total_time = -1;
  const TemporaryFolder folder;
  write_sample_index(folder.file("i"), runs);
  const Findings findings = IndexFile(folder.file("i"), Verify::full).view().findings();
  CHECK(findings.odd_accuracies.count == 1);
  CHECK(findings.odd_times.count == 1);
  CHECK(findings.odd_times.first == "run 2 (cell 0, 4 epochs): a total time of -1 s");
  CHECK(findings.other_parameters.count == 0);
}

}  // namespace nb101
