#include "nb101/metrics.hpp"

namespace nb101 {

double value_of(const Run& run, Metric metric, Stage stage) noexcept {
  const Evaluation& evaluation = run.metrics.evaluations[static_cast<std::size_t>(stage)];
  switch (metric) {
    case Metric::train_accuracy:
      return evaluation.train_accuracy;
    case Metric::validation_accuracy:
      return evaluation.validation_accuracy;
    case Metric::test_accuracy:
      return evaluation.test_accuracy;
    case Metric::training_time:
      return evaluation.training_time;
    case Metric::current_epoch:
      return evaluation.current_epoch;
    case Metric::total_time:
      return run.metrics.total_time;
    case Metric::trainable_parameters:
      return run.metrics.trainable_parameters;
    case Metric::graph:
      break;
  }
  return run.graph;
}

}  // namespace nb101
