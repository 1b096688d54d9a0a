#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <string>
#include <variant>

#include "bindings/arrays.hpp"
#include "bindings/bind_search.hpp"
#include "bindings/long_work.hpp"
#include "bindings/registers.hpp"
#include "nb101/sentence.hpp"
#include "nb101/tpe.hpp"

namespace nb101::bindings {
namespace {

py::array_t<double> array_of(const ByValue& values) {
  py::array_t<double> rows({std::size_t{kNumParameters}, kMostValues});
  double* to = rows.mutable_data();
  for (const auto& row : values) to = std::ranges::copy(row, to).out;
  return rows;
}

// Returns the probabilities of the values of each parameter, below and above, after a history. The
// codes must be faultless and the losses must be numbers.
py::tuple tpe_densities(const SearchSettings& of_optimizer, const py::object& given,
                        const DoubleArray& losses) {
  const py::array_t<Code> codes = as_codes(given);
  if (losses.size() != codes.size()) {
    throw py::value_error(sentence("losses of ", losses.size(),
                                   " elements are not allowed; use one for each of the ",
                                   codes.size(), " codes"));
  }
  const auto& settings = std::get<Tpe::Settings>(of_optimizer.settings);
  Tpe::Densities found;
  {
    const LongWork long_work;
    SplitHistory history;
    const double* loss = losses.data();
    for (const Code code : span_of(codes)) history.add(code, *loss++);
    found = Tpe::densities(settings, history);
  }
  return py::make_tuple(array_of(found.below), array_of(found.above));
}

}  // namespace

void register_tpe(py::module_& module) {
  module.def(
      "tpe_settings",
      [](std::uint32_t num_startup, std::uint32_t num_candidates, double gamma) {
        return SearchSettings{Tpe::Settings{num_startup, num_candidates, gamma}};
      },
      py::arg("num_startup"), py::arg("num_candidates"), py::arg("gamma"));
  module.def("tpe_densities", &tpe_densities, py::arg("settings"), py::arg("codes"),
             py::arg("losses"));
}

}  // namespace nb101::bindings
