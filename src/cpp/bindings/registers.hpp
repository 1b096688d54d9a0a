// Each of these functions adds one file of the bindings to the module.
#pragma once

#include <pybind11/pybind11.h>

namespace nb101::bindings {

void register_errors(pybind11::module_& module);
void register_visible(pybind11::module_& module);
void register_cell(pybind11::module_& module);
void register_codes(pybind11::module_& module);
void register_search_space(pybind11::module_& module);
void register_objective(pybind11::module_& module);
void register_index(pybind11::module_& module);
void register_pareto(pybind11::module_& module);
void register_compile(pybind11::module_& module);
void register_record(pybind11::module_& module);
void register_tpe(pybind11::module_& module);
void register_search(pybind11::module_& module);
void register_fronts(pybind11::module_& module);
void register_bohb(pybind11::module_& module);
void register_smac(pybind11::module_& module);
void register_spec(pybind11::module_& module);
void register_official_reader(pybind11::module_& module);

// Returns the Python class OutOfDomainError.
PyObject* out_of_domain_error() noexcept;

// The rule that a cell of the search space obeys. The error for any other cell ends with this text.
inline constexpr char kDomainRule[] =
    "after pruning, a cell joins input and output and has at most 7 vertices, at most 9 edges and "
    "labels 0..2. A matrix that was padded at its end joins nothing to its output; put the padding "
    "before the output";

}  // namespace nb101::bindings
