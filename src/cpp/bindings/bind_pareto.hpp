// Takes points from arrays.
#pragma once

#include "bindings/arrays.hpp"
#include "nb101/pareto.hpp"

namespace nb101::bindings {

// Takes points of shape (N, D). In every objective the smaller value is better. Throws ValueError
// for another shape.
Points points_of(const DoubleArray& array);

}  // namespace nb101::bindings
