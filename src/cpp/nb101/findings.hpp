// Unusual and missing values in runs, which are kept nevertheless.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "nb101/metrics.hpp"

namespace nb101 {

inline constexpr double kLongestTime = 1e9;  // in seconds: no training takes thirty years

// How often something unusual occurs, and a description of the first case.
struct Finding {
  std::uint64_t count = 0;
  std::string first;
};

struct Findings {
  Finding other_parameters;  // trainable parameters that differ from count_parameters
  Finding odd_accuracies;    // accuracies outside [0, 1]
  Finding odd_times;         // times that are not in 0 .. kLongestTime, or decrease
  Finding odd_epochs;        // current epochs that are negative or infinite
  Finding unknown_fields;    // of the protobuf, in neither the official format nor the harness's
  // By column_slot, the values that are NaN: a run without a measurement has NaN in its place.
  std::array<Finding, kNumColumns> missing_values;

  // Counts the unusual and the missing values of a run, all but unknown fields. `number` names it
  // in descriptions.
  void inspect(const Run& run, std::uint64_t number);
};

}  // namespace nb101
