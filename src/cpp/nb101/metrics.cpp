#include "nb101/metrics.hpp"

namespace nb101 {

double value_of(const Run& run, Metric metric, Stage stage) noexcept {
  if (is_staged(metric)) {
    return run.metrics.evaluations[static_cast<std::size_t>(stage)].*
           kStagedFields[static_cast<std::size_t>(metric)];
  }
  if (metric == Metric::total_time) return run.metrics.total_time;
  if (metric == Metric::trainable_parameters) return run.metrics.trainable_parameters;
  return run.graph;
}

}  // namespace nb101
