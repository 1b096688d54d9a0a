#include <doctest.h>

#include "nb101/metrics.hpp"

namespace nb101 {

TEST_CASE("each metric and stage reads its own value") {
  Run run;
  double next = 1;
  for (Evaluation& evaluation : run.metrics.evaluations) {
    evaluation.train_accuracy = next++;
    evaluation.validation_accuracy = next++;
    evaluation.test_accuracy = next++;
    evaluation.training_time = next++;
    evaluation.current_epoch = next++;
  }
  run.metrics.total_time = 100;
  run.metrics.trainable_parameters = 200;
  run.graph = 300;
  for (int metric = 0; metric < kNumStagedMetrics; ++metric) {
    for (int stage = 0; stage < kNumStages; ++stage) {
      CHECK(value_of(run, static_cast<Metric>(metric), static_cast<Stage>(stage)) ==
            5 * stage + metric + 1);
    }
  }
  CHECK(value_of(run, Metric::total_time, Stage::final) == 100);
  CHECK(value_of(run, Metric::trainable_parameters, Stage::final) == 200);
  CHECK(value_of(run, Metric::graph, Stage::final) == 300);
}

TEST_CASE("metrics and stages have the names of the public interface") {
  CHECK(name(Metric::validation_accuracy) == "validation_accuracy");
  CHECK(name(Metric::training_time) == "training_time");
  CHECK(name(Stage::halfway) == "halfway");
}

}  // namespace nb101
