// The settings of optimizers, which files of the bindings make and bind_search uses.
#pragma once

#include "nb101/search.hpp"

namespace nb101::bindings {

// All optimizers have one class of settings in Python. pybind11 would convert a plain variant to
// one of its alternatives, so this class holds it.
struct SearchSettings {
  OptimizerSettings settings;
};

}  // namespace nb101::bindings
