// Search with several objectives: their values, NSGA-II, and the fronts of the runs.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/bind_pareto.hpp"
#include "bindings/bind_search.hpp"
#include "bindings/long_work.hpp"
#include "bindings/registers.hpp"
#include "nb101/dominance_sort.hpp"
#include "nb101/front_steps.hpp"
#include "nb101/nsga2.hpp"
#include "nb101/sentence.hpp"

namespace nb101::bindings {
namespace {

std::vector<double> copied(const DoubleArray& array) {
  return {array.data(), array.data() + array.size()};
}

// Takes what was told by cell, repeat and objective, and what is reported by cell and objective.
std::shared_ptr<ObjectiveValues> make_values(py::handle given, const DoubleArray& told,
                                             const DoubleArray& reported) {
  const py::array_t<std::int32_t> cell_ids = as_ids(given);
  const bool fits = told.ndim() == 3 && reported.ndim() == 2 && told.shape(0) == cell_ids.size() &&
                    reported.shape(0) == cell_ids.size() && told.shape(2) == reported.shape(1) &&
                    told.shape(2) >= 1;
  if (!fits) {
    throw py::value_error(
        "the objectives have wrong shapes; use (C,) cell ids, (C, R, D) told and (C, D) reported "
        "values with D >= 1");
  }
  return std::make_shared<ObjectiveValues>(
      span_of(cell_ids), static_cast<std::size_t>(told.shape(1)),
      static_cast<std::size_t>(told.shape(2)), copied(told), copied(reported));
}

// Returns, of runs whose trainings follow each other: the positions of those that joined the front
// of their run, the hypervolume after each of them, and how many each run has.
py::tuple steps_of_runs(const ObjectiveValues& values, const py::array_t<std::int32_t>& cell_ids,
                        const py::array_t<std::int32_t>& repeats,
                        const py::array_t<std::int64_t, py::array::c_style>& counts) {
  std::vector<Trained> trained;
  for (py::ssize_t i = 0; i < cell_ids.size(); ++i) {
    trained.push_back({cell_ids.at(i), static_cast<std::uint32_t>(repeats.at(i))});
    if (!values.has(trained.back().cell_id, trained.back().repeat)) {
      throw py::value_error(sentence("repeat ", repeats.at(i), " of cell ", cell_ids.at(i),
                                     " has no objectives; use trainings of the same index"));
    }
  }
  std::vector<std::int64_t> positions;
  std::vector<double> hypervolumes;
  std::vector<std::int64_t> num_steps;
  const std::vector<std::int64_t> lengths(counts.data(), counts.data() + counts.size());
  {
    const LongWork long_work;
    std::size_t begin = 0;
    for (const std::int64_t length : lengths) {
      const std::size_t count = std::min(static_cast<std::size_t>(length), trained.size() - begin);
      const auto steps = front_steps(values, std::span(trained).subspan(begin, count));
      for (const FrontStep& step : steps) {
        positions.push_back(static_cast<std::int64_t>(begin + step.training));
        hypervolumes.push_back(step.hypervolume);
      }
      num_steps.push_back(static_cast<std::int64_t>(steps.size()));
      begin += count;
    }
  }
  return py::make_tuple(copied_array<std::int64_t>(positions), copied_array<double>(hypervolumes),
                        copied_array<std::int64_t>(num_steps));
}

std::vector<std::vector<std::int32_t>> sorted_fronts(const DoubleArray& array) {
  const Points points = points_of(array);
  const LongWork long_work;
  return dominance_sort(points);
}

std::vector<double> distances_of(const DoubleArray& array) {
  const Points points = points_of(array);
  std::vector<std::int32_t> front(points.size());
  for (std::size_t i = 0; i < front.size(); ++i) front[i] = static_cast<std::int32_t>(i);
  return crowding_distances(points, front);
}

}  // namespace

void register_fronts(py::module_& module) {
  py::class_<ObjectiveValues, std::shared_ptr<ObjectiveValues>>(module, "ObjectiveValues")
      .def(py::init(&make_values), py::arg("cell_ids"), py::arg("told").noconvert(),
           py::arg("reported").noconvert());
  module.def(
      "nsga2_settings",
      [](const std::shared_ptr<ObjectiveValues>& values, std::uint32_t population,
         double crossover_rate, Sampling sampling) {
        return SearchSettings{Nsga2::Settings{values, population, crossover_rate, sampling}};
      },
      py::arg("values"), py::arg("population"), py::arg("crossover_rate"), py::arg("sampling"));
  module.def("front_steps", &steps_of_runs, py::arg("values"), py::arg("cell_ids"),
             py::arg("repeats"), py::arg("counts"));
  module.def("dominance_sort", &sorted_fronts, py::arg("points").noconvert());
  module.def("crowding_distances", &distances_of, py::arg("points").noconvert());
}

}  // namespace nb101::bindings
