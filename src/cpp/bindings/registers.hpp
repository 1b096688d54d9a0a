// What each file of the bindings adds to the module.
#pragma once

#include <pybind11/pybind11.h>

namespace nb101::bindings {

void register_errors(pybind11::module_& module);
void register_cell(pybind11::module_& module);
void register_search_space(pybind11::module_& module);
void register_objective(pybind11::module_& module);
void register_index(pybind11::module_& module);
void register_pareto(pybind11::module_& module);
void register_compile(pybind11::module_& module);
void register_search(pybind11::module_& module);
void register_spec(pybind11::module_& module);

// The exception class that Python sees.
PyObject* out_of_domain_error() noexcept;

}  // namespace nb101::bindings
