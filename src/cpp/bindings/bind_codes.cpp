#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "bindings/arrays.hpp"
#include "bindings/fast_call.hpp"
#include "bindings/guarded.hpp"
#include "bindings/registers.hpp"
#include "nb101/cell.hpp"
#include "nb101/error.hpp"
#include "nb101/matrix_codec.hpp"
#include "nb101/neighbors.hpp"
#include "nb101/prune.hpp"
#include "nb101/search_space.hpp"
#include "nb101/sentence.hpp"

// Checks of codes and ids, and what is done with one code. They are plain C functions, because
// pybind11's dispatcher takes about as long as they do for one number.

namespace nb101::bindings {
namespace {

PyObject* is_several(PyObject*, PyObject* values) {
  return guarded([&] { return py::bool_(is_batch(values)); });
}

PyObject* one_code(PyObject*, PyObject* code) {
  return guarded([&] { return py::int_(as_code(code)); });
}

PyObject* many_codes(PyObject*, PyObject* codes) {
  return guarded([&] { return as_codes(codes); });
}

PyObject* cell_id(PyObject*, PyObject* code) {
  return guarded([&] { return py::int_(SearchSpace::instance().id(as_code(code))); });
}

// Returns the least id that is allowed, which is the second argument of the two functions below.
std::int32_t least_of(PyObject* const* arguments, Py_ssize_t count) {
  check_count(count, 2);
  return py::cast<std::int32_t>(py::handle(arguments[1]));
}

PyObject* one_id(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&] {
    const std::int32_t least = least_of(arguments, count);
    return py::int_(as_id(arguments[0], least));
  });
}

PyObject* many_ids(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&] {
    const std::int32_t least = least_of(arguments, count);
    return as_ids(arguments[0], least);
  });
}

Code faultless_code(PyObject* given) {
  const Code code = as_code(given);
  if (code_faults(code)) throw OutOfDomainError(sentence("code ", code, " ", kCodeFaults));
  return code;
}

// Returns the matrix, the interior labels and the code of the pruned cell, in the code's vertex
// order. A cell without a path from input to output is not changed.
PyObject* prune_code(PyObject*, PyObject* given) {
  return guarded([&] {
    const Graph unpruned = unpack(faultless_code(given));
    const Graph graph = prune(unpruned).value_or(unpruned);
    const int n = graph.num_vertices;
    ByteArray matrix({n, n});
    py::tuple labels(n - 2);
    for (int v = 0; v < n; ++v) {
      for (int w = 0; w < n; ++w) {
        matrix.mutable_at(v, w) = static_cast<std::uint8_t>(graph.successors[v] >> w & 1);
      }
      if (v > 0 && v < n - 1) labels[static_cast<std::size_t>(v - 1)] = py::int_(graph.labels[v]);
    }
    return py::make_tuple(matrix, labels, pack(graph));
  });
}

// Returns the matrices and the labels: (N, 7, 7) and (N, 5).
PyObject* decode_array(PyObject*, PyObject* given) {
  return guarded([&] {
    const py::array_t<Code> codes = as_codes(given);
    ByteArray matrices({codes.size(), py::ssize_t{kMaxVertices}, py::ssize_t{kMaxVertices}});
    ByteArray labels({codes.size(), py::ssize_t{kMaxInterior}});
    decode_codes(codes.data(), static_cast<std::size_t>(codes.size()), matrices.mutable_data(),
                 labels.mutable_data());
    return py::make_tuple(matrices, labels);
  });
}

PyObject* neighbors_of_code(PyObject*, PyObject* given) {
  return guarded([&] {
    const Neighbors neighbors(faultless_code(given));
    return copied_array<std::int32_t>(neighbors.ids());
  });
}

PyMethodDef code_functions[] = {
    {"is_batch", is_several, METH_O, "Whether a value holds several codes or ids."},
    {"as_code", one_code, METH_O, "One code as an int."},
    {"as_codes", many_codes, METH_O, "Codes as a uint32 array."},
    {"cell_id", cell_id, METH_O, "The cell id of one code, or -1."},
    {"prune_code", prune_code, METH_O, "The matrix, the interior labels and the code, pruned."},
    {"decode_codes", decode_array, METH_O, "The matrices and the interior labels, unpruned."},
    {"neighbors", neighbors_of_code, METH_O, "The ids of the cells that one change leads to."},
    {"as_id", as_method(one_id), METH_FASTCALL, "(id, least) -> one cell id as an int."},
    {"as_ids", as_method(many_ids), METH_FASTCALL, "(ids, least) -> cell ids as an int32 array."},
    {}};

}  // namespace

void register_codes(py::module_& module) { add_functions(module, code_functions); }

}  // namespace nb101::bindings
