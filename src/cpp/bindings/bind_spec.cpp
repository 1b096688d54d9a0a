#include <pybind11/critical_section.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <bit>
#include <optional>

#include "bindings/fast_call.hpp"
#include "bindings/guarded.hpp"
#include "bindings/official_names.hpp"
#include "bindings/registers.hpp"
#include "bindings/spec_matrix.hpp"
#include "nb101/cell.hpp"
#include "nb101/op.hpp"
#include "nb101/search_space.hpp"

// Functions for the official API's ModelSpec, which prune a spec, hash it and find its cell. They
// are plain C functions, because pybind11's dispatcher alone would take as long as they do. They
// return None or -1 if a spec is unusual: if it has another container or dtype, or a fault. The
// Python code then handles it.

namespace nb101::bindings {
namespace {

namespace py = pybind11;

// Returns whether the object is a list of strings or numbers. A shallow copy of it is a deep copy.
bool is_plain_list(PyObject* object, Py_ssize_t length) {
  if (!PyList_CheckExact(object) || PyList_GET_SIZE(object) != length) return false;
  for (Py_ssize_t i = 0; i < length; ++i) {
    PyObject* const item = PyList_GET_ITEM(object, i);
    if (!PyUnicode_CheckExact(item) && !PyLong_CheckExact(item)) return false;
  }
  return true;
}

py::object keep_items(PyObject* list, std::uint32_t live) {
  auto kept = py::reinterpret_steal<py::object>(PyList_New(std::popcount(live)));
  if (!kept) throw py::error_already_set();
  for (Py_ssize_t i = 0; live; live &= live - 1, ++i) {
    PyList_SET_ITEM(kept.ptr(), i, Py_NewRef(PyList_GET_ITEM(list, std::countr_zero(live))));
  }
  return kept;
}

// (matrix, ops) -> copies of both, and pruned copies of both. The pruned ones are None if no path
// leads from input to output. Returns a single None if the matrix is not a usual upper triangular
// one or ops is not a list of names or labels.
PyObject* prune_spec(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&]() -> py::object {
    check_count(count, 2);
    const std::optional<SpecMatrix> matrix = read_matrix(arguments[0]);
    if (!matrix || !matrix->is_upper_triangular) return py::none();
    PyObject* const ops = arguments[1];
    const py::scoped_critical_section lock(ops);
    const int n = matrix->graph.num_vertices;
    if (!is_plain_list(ops, n)) return py::none();
    const auto array = py::reinterpret_borrow<py::array>(arguments[0]);
    const std::uint32_t all = static_cast<std::uint32_t>((std::uint64_t{1} << n) - 1);
    const std::uint32_t live = live_vertices_of(matrix->graph);
    auto parts = py::reinterpret_steal<py::object>(PyTuple_New(4));
    if (!parts) throw py::error_already_set();
    PyTuple_SET_ITEM(parts.ptr(), 0, copy_of(array).release().ptr());
    PyTuple_SET_ITEM(parts.ptr(), 1, keep_items(ops, all).release().ptr());
    py::object kept = live ? py::object(keep_vertices(array, live)) : py::none();
    PyTuple_SET_ITEM(parts.ptr(), 2, kept.release().ptr());
    kept = live ? keep_items(ops, live) : py::object(py::none());
    PyTuple_SET_ITEM(parts.ptr(), 3, kept.release().ptr());
    return parts;
  });
}

// (matrix, labels of the interior) -> the official hash of the graph without pruning it.
PyObject* hash_spec(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&]() -> py::object {
    check_count(count, 2);
    std::optional<SpecMatrix> matrix = read_matrix(arguments[0]);
    if (!matrix || !matrix->is_upper_triangular || !matrix->is_zero_one) return py::none();
    const int n = matrix->graph.num_vertices;
    const py::scoped_critical_section lock(arguments[1]);
    if (!PyList_CheckExact(arguments[1]) || PyList_GET_SIZE(arguments[1]) != n - 2) {
      return py::none();
    }
    for (int v = 1; v < n - 1; ++v) {
      matrix->graph.labels[v] = PyLong_AsLongLong(PyList_GET_ITEM(arguments[1], v - 1));
      if (PyErr_Occurred()) throw py::error_already_set();
    }
    return py::str(to_hex(graph_hash(matrix->graph)));
  });
}

std::optional<int> label_of(PyObject* op) {
  for (int label = 0; label < kNumOps; ++label) {
    if (op == official_names().ops[static_cast<std::size_t>(label)]) return label;
  }
  if (!PyUnicode_Check(op)) return std::nullopt;
  Py_ssize_t length = 0;
  const char* const text = PyUnicode_AsUTF8AndSize(op, &length);
  if (!text) {  // the text has a lone surrogate, so it is not an operation
    PyErr_Clear();
    return std::nullopt;
  }
  return label_from_name({text, static_cast<std::size_t>(length)});
}

bool is_name(PyObject* op, PyObject* wanted) {
  return op == wanted || (PyUnicode_Check(op) && PyUnicode_Compare(op, wanted) == 0);
}

// Returns the cell id of a pruned spec, or kNoCell if the spec is not pruned or is unusual.
std::int32_t find_cell(PyObject* object, PyObject* ops) {
  std::optional<SpecMatrix> matrix = read_matrix(object);
  if (!matrix || !matrix->is_upper_triangular || !matrix->is_zero_one) return kNoCell;
  Graph& graph = matrix->graph;
  const int n = graph.num_vertices;
  const py::scoped_critical_section lock(ops);
  if (n < 2 || n > kMaxVertices || !PyList_CheckExact(ops) || PyList_GET_SIZE(ops) != n ||
      live_vertices_of(graph) != (1u << n) - 1 ||
      !is_name(PyList_GET_ITEM(ops, 0), official_names().input) ||
      !is_name(PyList_GET_ITEM(ops, n - 1), official_names().output)) {
    return kNoCell;
  }
  for (int v = 1; v < n - 1; ++v) {
    const std::optional<int> label = label_of(PyList_GET_ITEM(ops, v));
    if (!label) return kNoCell;
    graph.labels[v] = *label;
  }
  return SearchSpace::instance().id(pack(graph));
}

// (matrix, ops) -> the cell id of a pruned spec, or -1 for anything else.
PyObject* cell_of_spec(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&] {
    check_count(count, 2);
    return py::int_(find_cell(arguments[0], arguments[1]));
  });
}

PyMethodDef functions[] = {
    {"prune_spec", as_method(prune_spec), METH_FASTCALL,
     "(matrix, ops) -> copies of both and pruned copies of both, or None for anything unusual."},
    {"cell_of_spec", as_method(cell_of_spec), METH_FASTCALL,
     "(matrix, ops) -> the cell id of a pruned spec, or -1 for anything else."},
    {"hash_spec", as_method(hash_spec), METH_FASTCALL,
     "(matrix, interior labels) -> the official hash of the graph without pruning, or None."},
    {}};

}  // namespace

void register_spec(py::module_& module) {
  official_names();  // makes the names now, while only one thread runs
  add_functions(module, functions);
}

}  // namespace nb101::bindings
