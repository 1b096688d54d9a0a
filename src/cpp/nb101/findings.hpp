// Unusual values in runs that are kept nevertheless.
#pragma once

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
  Finding odd_accuracies;    // accuracies outside [0, 1] or not finite
  Finding odd_times;         // times that are not in 0 .. kLongestTime, or decrease
  Finding odd_epochs;        // current epochs that are negative or not finite
  Finding unknown_fields;    // fields of the protobuf that the index does not keep

  // Counts the unusual values of a run, all but unknown fields. `number` names it in descriptions.
  void inspect(const Run& run, std::uint64_t number);
};

}  // namespace nb101
