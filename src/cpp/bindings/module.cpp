// The extension module nb101fast._core. Each file of the bindings registers one part of the core.
#include "bindings/registers.hpp"

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
  module.doc() = "The compiled core of nb101fast; use the package nb101fast.";
  module.attr("__version__") = NB101FAST_VERSION;
  nb101::bindings::register_errors(module);
  nb101::bindings::register_visible(module);
  nb101::bindings::register_cell(module);
  nb101::bindings::register_codes(module);
  nb101::bindings::register_search_space(module);
  nb101::bindings::register_objective(module);
  nb101::bindings::register_index(module);
  nb101::bindings::register_pareto(module);
  nb101::bindings::register_compile(module);
  nb101::bindings::register_record(module);
  nb101::bindings::register_search(module);
  nb101::bindings::register_tpe(module);
  nb101::bindings::register_bohb(module);
  nb101::bindings::register_smac(module);
  nb101::bindings::register_fronts(module);
  nb101::bindings::register_spec(module);
  nb101::bindings::register_official_reader(module);
}
