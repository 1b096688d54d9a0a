// Takes points from arrays.
#pragma once

#include <pybind11/numpy.h>

#include "nb101/pareto.hpp"

namespace nb101::bindings {

using DoubleArray = pybind11::array_t<double, pybind11::array::c_style>;

// Takes points of shape (N, D). In every objective the smaller value is better. Throws ValueError
// for another shape.
Points points_of(const DoubleArray& array);

}  // namespace nb101::bindings
