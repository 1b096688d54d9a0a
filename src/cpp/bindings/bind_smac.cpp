// The settings of SMAC, and its model piece by piece, which the tests compare with SMAC3's.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <span>
#include <string>

#include "bindings/arrays.hpp"
#include "bindings/bind_search.hpp"
#include "bindings/long_work.hpp"
#include "bindings/registers.hpp"
#include "nb101/expected_improvement.hpp"
#include "nb101/sentence.hpp"
#include "nb101/smac.hpp"

namespace nb101::bindings {
namespace {

constexpr py::ssize_t kMostTrainings = 1 << 20;

// Returns the means and the variances that a new forest predicts for the queries.
py::tuple smac_predictions(py::handle codes, const DoubleArray& costs, py::handle queries,
                           std::uint32_t num_trees, std::uint64_t seed) {
  const py::array_t<Code> known = as_codes(codes);
  const py::array_t<Code> asked = as_codes(queries);
  if (known.size() != costs.size() || known.size() == 0 || known.size() > kMostTrainings) {
    throw py::value_error(sentence("codes has ", known.size(), " items and costs ", costs.size(),
                                   "; use the same number of both, from 1 to 1,048,576"));
  }
  py::array_t<double> means(asked.size());
  py::array_t<double> variances(asked.size());
  const std::span<const double> told(costs.data(), static_cast<std::size_t>(costs.size()));
  double* const mean_of = means.mutable_data();
  double* const variance_of = variances.mutable_data();
  {
    const LongWork long_work;
    RandomForest forest(num_trees);
    forest.train(span_of(known), told, seed);
    forest.predict(span_of(asked), mean_of, variance_of);
  }
  return py::make_tuple(means, variances);
}

}  // namespace

void register_smac(py::module_& module) {
  module.def(
      "smac_settings",
      [](std::uint32_t num_trees, double random_fraction, std::uint32_t max_evaluations) {
        return SearchSettings{Smac::Settings{num_trees, random_fraction, max_evaluations}};
      },
      py::arg("num_trees"), py::arg("random_fraction"), py::arg("max_evaluations"));
  module.def("smac_expected_improvement", py::vectorize(&expected_improvement), py::arg("mean"),
             py::arg("variance"), py::arg("best"));
  module.def("smac_predictions", &smac_predictions, py::arg("codes"), py::arg("costs").noconvert(),
             py::arg("queries"), py::arg("num_trees"), py::arg("seed"));
}

}  // namespace nb101::bindings
