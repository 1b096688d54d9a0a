// The keys and names of the official API as Python strings. They are made once and live as long as
// the process, so that filling a dictionary does not make new keys.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <cstdint>

#include "nb101/metrics.hpp"
#include "nb101/op.hpp"

namespace nb101::bindings {

// The values of a run, in the order of the official dictionaries.
inline constexpr std::array kRunMetrics = {Metric::training_time, Metric::train_accuracy,
                                           Metric::validation_accuracy, Metric::test_accuracy};

// The prefix of a metric's name. It is empty in the answer of a query, and it is the stage in the
// computed statistics.
enum class NamePrefix : std::uint8_t { none, halfway, final };
inline constexpr std::array kNamePrefixes = {"", "halfway_", "final_"};

struct OfficialNames {
  PyObject* input;
  PyObject* output;
  std::array<PyObject*, kNumOps> ops;
  PyObject* adjacency;
  PyObject* operations;
  PyObject* parameters;
  std::array<std::array<PyObject*, kRunMetrics.size()>, kNamePrefixes.size()> values;

  PyObject* value(NamePrefix prefix, std::size_t metric) const noexcept {
    return values[static_cast<std::size_t>(prefix)][metric];
  }
};

const OfficialNames& official_names();

}  // namespace nb101::bindings
