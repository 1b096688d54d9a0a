// Findings as Python sees them.
#pragma once

#include <pybind11/pybind11.h>

#include "nb101/findings.hpp"

namespace nb101::bindings {

// Returns a dict of (count, description of the first) by the name of the finding. The value of
// `missing_values` is such a dict by the name of the column.
pybind11::dict findings_dict(const Findings& findings);

}  // namespace nb101::bindings
