// Makes nb101fast._core.Objective, a callable type that does not use pybind11's slow dispatcher.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "nb101/objective.hpp"

namespace nb101::bindings {

// __reduce__ returns `recipe`, and repr() returns `text`. Notebooks call `html`.
pybind11::object make_objective(std::unique_ptr<Objective> objective, pybind11::tuple recipe,
                                pybind11::str text, pybind11::function html);

}  // namespace nb101::bindings
