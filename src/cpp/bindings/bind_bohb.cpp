#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "bindings/arrays.hpp"
#include "bindings/bind_search.hpp"
#include "bindings/registers.hpp"
#include "nb101/bohb.hpp"
#include "nb101/sentence.hpp"

namespace nb101::bindings {
namespace {

// Adds configurations in this order. Takes (N,) codes, budgets and accuracies.
void tell(DensityRatio& self, const py::object& codes,
          const py::array_t<std::uint32_t, py::array::c_style | py::array::forcecast>& budgets,
          const DoubleArray& accuracies) {
  const py::array_t<Code> told = as_codes(codes);
  if (told.size() != budgets.size() || told.size() != accuracies.size()) {
    throw py::value_error(
        sentence("budgets of ", budgets.size(), " and accuracies of ", accuracies.size(),
                 " elements are not allowed; use one of each for the ", told.size(), " codes"));
  }
  for (py::ssize_t i = 0; i < told.size(); ++i) {
    const std::uint32_t budget = budgets.data()[i];
    if (budget > 19) {
      throw py::value_error(sentence("budget ", budget, " is not allowed; use 0 to 19"));
    }
    self.tell(told.data()[i], budget, accuracies.data()[i]);
  }
}

void require_model(const DensityRatio& model) {
  if (!model.budget()) {
    throw py::value_error("no budget has 54 configurations, which a model needs");
  }
}

// Returns the values of the good and of the bad density.
template <class Get>
py::tuple of_both(DensityRatio& self, py::ssize_t size, Get get) {
  require_model(self);
  const auto values_of = [&](const KernelDensity& density) {
    py::array_t<double> values(size);
    get(density, values.mutable_data());
    return values;
  };
  return py::make_tuple(values_of(self.good()), values_of(self.bad()));
}

py::tuple bandwidths(DensityRatio& self) {
  return of_both(self, kNumParameters, [](const KernelDensity& density, double* to) {
    std::ranges::copy(density.bandwidths(), to);
  });
}

py::tuple densities(DensityRatio& self, const py::object& codes) {
  const py::array_t<Code> asked = as_codes(codes);
  return of_both(self, asked.size(), [&](const KernelDensity& density, double* to) {
    std::ranges::transform(span_of(asked), to, [&](Code code) { return density(point_of(code)); });
  });
}

// Makes `count` proposals from the same model. A proposal without a ratio is None.
py::list propose(DensityRatio& self, std::uint32_t num_samples, std::size_t count,
                 std::uint64_t seed) {
  require_model(self);
  RandomStream random(seed);
  py::list proposals;
  for (std::size_t i = 0; i < count; ++i) {
    const std::optional<Code> code = self.propose(num_samples, random);
    proposals.append(code ? py::object(py::int_(*code)) : py::none());
  }
  return proposals;
}

}  // namespace

void register_bohb(py::module_& module) {
  module.def(
      "bohb_settings",
      [](std::uint32_t eta, double random_fraction, std::uint32_t num_samples,
         double min_bandwidth) {
        return SearchSettings{Bohb::Settings{eta, random_fraction, num_samples, min_bandwidth}};
      },
      py::arg("eta"), py::arg("random_fraction"), py::arg("num_samples"), py::arg("min_bandwidth"));
  py::class_<DensityRatio>(module, "DensityRatio")
      .def(py::init<double>(), py::arg("min_bandwidth"))
      .def("tell", &tell, py::arg("codes"), py::arg("budgets"), py::arg("accuracies"))
      .def_property_readonly("budget",
                             [](const DensityRatio& self) {
                               return self.budget() ? py::object(py::int_(*self.budget()))
                                                    : py::none();
                             })
      .def("bandwidths", &bandwidths)
      .def("densities", &densities, py::arg("codes"))
      .def("propose", &propose, py::arg("num_samples"), py::arg("count"), py::arg("seed"));
}

}  // namespace nb101::bindings
