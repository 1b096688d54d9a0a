// nb101fast._core.Objective: a callable type of its own, for calls without a dispatcher.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "nb101/objective.hpp"

namespace nb101::bindings {

// `recipe`: what __reduce__ returns. `text`: what repr() shows.
pybind11::object make_objective(std::unique_ptr<Objective> objective, pybind11::tuple recipe,
                                pybind11::str text);

}  // namespace nb101::bindings
