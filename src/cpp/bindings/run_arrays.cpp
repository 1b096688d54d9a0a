#include "bindings/run_arrays.hpp"

#include <string>
#include <utility>

#include "nb101/error.hpp"
#include "nb101/prune.hpp"
#include "nb101/search_space.hpp"
#include "nb101/sentence.hpp"

namespace nb101::bindings {
namespace {

void check_shapes(const RunArrays& runs) {
  const py::ssize_t n = runs.codes.size();
  for (const auto& [name, size] :
       {std::pair("epochs", runs.epochs.size()), std::pair("parameters", runs.parameters.size()),
        std::pair("total_times", runs.total_times.size())}) {
    if (size == n) continue;
    throw py::value_error(sentence(name, " have length ", size, "; codes have ", n,
                                   ", and the lengths must be equal"));
  }
  const py::array& values = runs.values;
  if (values.ndim() != 2 || values.shape(0) != n ||
      values.shape(1) != static_cast<py::ssize_t>(kRunValues)) {
    throw py::value_error(sentence("values have shape ",
                                   py::str(values.attr("shape")).cast<std::string>(), "; (", n,
                                   ", ", kRunValues, ") is needed"));
  }
}

}  // namespace

ModelMetrics metrics_from(const double* values, std::int32_t parameters, double total_time) {
  ModelMetrics metrics;
  for (Evaluation& evaluation : metrics.evaluations) {
    evaluation = {values[0], values[1], values[2], values[3], values[4]};
    values += kEvaluationValues;
  }
  metrics.trainable_parameters = parameters;
  metrics.total_time = total_time;
  return metrics;
}

std::vector<Run> RunArrays::runs() const {
  check_shapes(*this);
  std::vector<Run> runs(static_cast<std::size_t>(codes.size()));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto at = static_cast<py::ssize_t>(i);
    Run& run = runs[i];
    run.graph = codes.at(at);
    run.cell_id = SearchSpace::instance().id(run.graph);
    if (run.cell_id == kNoCell) {
      throw OutOfDomainError(
          sentence("code ", run.graph, " of run ", i, " is outside the search space"));
    }
    if (!is_pruned(run.graph)) {
      throw py::value_error(
          sentence("code ", run.graph, " of run ", i,
                   " is not the code of a pruned graph; use Cell.from_code(...).code"));
    }
    run.epochs = epochs.at(at);
    if (run.epochs == 0) {
      throw py::value_error(sentence("epochs 0 of run ", i, " are not allowed; use 1 or more"));
    }
    run.metrics = metrics_from(values.data(at, 0), parameters.at(at), total_times.at(at));
  }
  return runs;
}

}  // namespace nb101::bindings
