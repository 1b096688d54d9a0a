// Reads the matrix of a spec, as users write it, from a NumPy array of any usual dtype.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>

#include "nb101/graph_hash.hpp"

namespace nb101::bindings {

// Every element that is not zero is an edge.
struct SpecMatrix {
  Graph graph;                      // the edges above the diagonal
  bool is_upper_triangular = true;  // the diagonal and all below it are zero
  bool is_zero_one = true;          // all elements are 0 or 1
};

// Returns the matrix, or nothing unless the object is a square array of 1 to 32 vertices and of a
// usual dtype.
std::optional<SpecMatrix> read_matrix(PyObject* object);

// Returns a new array of the same dtype with the rows and columns of the vertices whose bit is set.
pybind11::array keep_vertices(const pybind11::array& array, std::uint32_t vertices);

pybind11::array copy_of(const pybind11::array& array);

// Returns the vertices on a path from the first to the last one, as bits, or 0 if there is no such
// path.
std::uint32_t live_vertices_of(const Graph& graph) noexcept;

}  // namespace nb101::bindings
