// What is measured of a run, and when.
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

// Columns of an index. The first five have a value at each stage, the others one of the run.
enum class Metric : std::uint8_t {
  train_accuracy,
  validation_accuracy,
  test_accuracy,
  training_time,
  current_epoch,
  total_time,
  trainable_parameters,
  graph,  // the packed code of the stored graph
};
inline constexpr int kNumMetrics = 8;
inline constexpr int kNumStagedMetrics = 5;
inline constexpr std::array<std::string_view, kNumMetrics> kMetricNames = {
    "train_accuracy", "validation_accuracy", "test_accuracy",        "training_time",
    "current_epoch",  "total_time",          "trainable_parameters", "graph"};

constexpr bool is_accuracy(Metric metric) noexcept { return metric <= Metric::test_accuracy; }
constexpr bool is_staged(Metric metric) noexcept { return metric <= Metric::current_epoch; }
constexpr std::string_view name(Metric metric) noexcept {
  return kMetricNames[static_cast<std::size_t>(metric)];
}
constexpr std::string_view name(Stage stage) noexcept {
  return kStageNames[static_cast<std::size_t>(stage)];
}

// EvaluationData of the official protobuf.
struct Evaluation {
  double current_epoch = 0;
  double training_time = 0;
  double train_accuracy = 0;
  double validation_accuracy = 0;
  double test_accuracy = 0;
};

// ModelMetrics of the official protobuf.
struct ModelMetrics {
  std::array<Evaluation, kNumStages> evaluations{};
  std::int32_t trainable_parameters = 0;
  double total_time = 0;
};

// One training run of one cell, as a record tells it.
struct Run {
  Code graph = 0;  // of the stored, pruned graph
  std::int32_t cell_id = -1;
  std::uint32_t epochs = 0;
  ModelMetrics metrics;
};

double value_of(const Run& run, Metric metric, Stage stage) noexcept;

}  // namespace nb101
