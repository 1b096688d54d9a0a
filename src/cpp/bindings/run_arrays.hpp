// Runs in the form of arrays, which have one element or row for each run.
#pragma once

#include <pybind11/numpy.h>

#include <vector>

#include "bindings/arrays.hpp"
#include "nb101/metrics.hpp"

namespace nb101::bindings {

using CodeArray = py::array_t<Code>;
using EpochArray = py::array_t<std::uint32_t>;
using ParameterArray = py::array_t<std::int32_t>;
using TimeArray = py::array_t<double>;

inline constexpr std::size_t kEvaluationValues = 5;  // the members of Evaluation, in their order
inline constexpr std::size_t kRunValues = kEvaluationValues * kNumStages;

// `values` are kRunValues numbers, evaluation after evaluation.
ModelMetrics metrics_from(const double* values, std::int32_t parameters, double total_time);

struct RunArrays {
  CodeArray codes;  // the pruned graphs
  EpochArray epochs;
  DoubleArray values;  // has shape (N, kRunValues)
  ParameterArray parameters;
  TimeArray total_times;

  // Throws OutOfDomainError if a code is outside the space, and ValueError if the arrays have
  // different lengths, a code is not that of a pruned graph, or the epochs are 0.
  std::vector<Run> runs() const;
};

}  // namespace nb101::bindings
