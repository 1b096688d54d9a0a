// What is measured in a training run, and at which stage.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "nb101/cell.hpp"

namespace nb101 {

enum class Stage : std::uint8_t { start, halfway, final };
inline constexpr int kNumStages = 3;
inline constexpr std::array<std::string_view, kNumStages> kStageNames = {"start", "halfway",
                                                                         "final"};

// The values of a run. Each of the first five metrics has a value at each stage. Each of the others
// has a single value.
enum class Metric : std::uint8_t {
  train_accuracy,
  validation_accuracy,
  test_accuracy,
  training_time,
  current_epoch,
  total_time,
  trainable_parameters,
  graph,  // the code of the stored graph
};
inline constexpr int kNumMetrics = 8;
inline constexpr int kNumStagedMetrics = 5;
inline constexpr std::array<std::string_view, kNumMetrics> kMetricNames = {
    "train_accuracy", "validation_accuracy", "test_accuracy",        "training_time",
    "current_epoch",  "total_time",          "trainable_parameters", "graph"};

// The official accuracies are float32(k / 9984), because they are measured on 39 batches of 256
// images.
inline constexpr std::uint32_t kOfficialDenominator = 9984;

constexpr bool is_accuracy(Metric metric) noexcept { return metric <= Metric::test_accuracy; }
constexpr bool is_staged(Metric metric) noexcept { return metric <= Metric::current_epoch; }

// A run has a column for each staged metric and stage, in this order, and then one for each other
// metric.
inline constexpr std::size_t kNumStagedColumns = std::size_t{kNumStagedMetrics} * kNumStages;
inline constexpr std::size_t kNumColumns = kNumStagedColumns + kNumMetrics - kNumStagedMetrics;

// Returns the position of a column in that order. The stage is ignored if the metric is not staged.
constexpr std::size_t column_slot(Metric metric, Stage stage) noexcept {
  const auto place = static_cast<std::size_t>(metric);
  return is_staged(metric) ? (place * kNumStages) + static_cast<std::size_t>(stage)
                           : kNumStagedColumns + place - kNumStagedMetrics;
}

struct ColumnName {
  Metric metric;
  Stage stage;  // `start` if the metric is not staged
};

constexpr ColumnName column_at(std::size_t slot) noexcept {
  if (slot >= kNumStagedColumns) {
    return {static_cast<Metric>(slot - kNumStagedColumns + kNumStagedMetrics), Stage::start};
  }
  return {static_cast<Metric>(slot / kNumStages), static_cast<Stage>(slot % kNumStages)};
}

constexpr std::string_view name(Metric metric) noexcept {
  return kMetricNames[static_cast<std::size_t>(metric)];
}
constexpr std::string_view name(Stage stage) noexcept {
  return kStageNames[static_cast<std::size_t>(stage)];
}

// The message EvaluationData of the official protobuf.
struct Evaluation {
  double current_epoch = 0;
  double training_time = 0;
  double train_accuracy = 0;
  double validation_accuracy = 0;
  double test_accuracy = 0;
};

// The field of each staged metric.
inline constexpr std::array<double Evaluation::*, kNumStagedMetrics> kStagedFields = {
    &Evaluation::train_accuracy, &Evaluation::validation_accuracy, &Evaluation::test_accuracy,
    &Evaluation::training_time, &Evaluation::current_epoch};

// The message ModelMetrics of the official protobuf.
struct ModelMetrics {
  std::array<Evaluation, kNumStages> evaluations{};
  std::int32_t trainable_parameters = 0;
  double total_time = 0;
};

// One training run of one cell, as a record holds it.
struct Run {
  Code graph = 0;  // the pruned graph of the record, in its own vertex order
  std::int32_t cell_id = -1;
  std::uint32_t epochs = 0;
  ModelMetrics metrics;
};

double value_of(const Run& run, Metric metric, Stage stage) noexcept;

}  // namespace nb101
