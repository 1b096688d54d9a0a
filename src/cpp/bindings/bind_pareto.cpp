#include "bindings/bind_pareto.hpp"

#include <pybind11/pybind11.h>

#include <span>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/long_work.hpp"
#include "bindings/registers.hpp"

namespace nb101::bindings {

Points points_of(const DoubleArray& array) {
  if (array.ndim() != 2 || array.shape(1) < 1) {
    throw py::value_error("points have a wrong shape; use (N, D) with D >= 1");
  }
  return {{array.data(), static_cast<std::size_t>(array.size())},
          static_cast<std::size_t>(array.shape(1))};
}

namespace {

py::array_t<std::int32_t> front_positions(const DoubleArray& array) {
  const Points points = points_of(array);
  std::vector<std::int32_t> front;
  {
    const LongWork long_work;
    front = pareto_front(points);
  }
  return copied_array<std::int32_t>(front);
}

double dominated_volume(const DoubleArray& array, const DoubleArray& reference) {
  const Points points = points_of(array);
  if (reference.ndim() != 1 || reference.shape(0) != array.shape(1)) {
    throw py::value_error("reference has a wrong shape; use (D,), one number for each objective");
  }
  const std::span corner(reference.data(), points.num_objectives);
  const LongWork long_work;
  return hypervolume(points, corner);
}

}  // namespace

void register_pareto(py::module_& module) {
  module.def("pareto_front", &front_positions, py::arg("points").noconvert());
  module.def("hypervolume", &dominated_volume, py::arg("points").noconvert(),
             py::arg("reference").noconvert());
}

}  // namespace nb101::bindings
