#include <pybind11/critical_section.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <array>
#include <bit>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/guarded.hpp"
#include "bindings/registers.hpp"
#include "nb101/error.hpp"
#include "nb101/first_records.hpp"
#include "nb101/graph_hash.hpp"
#include "nb101/index.hpp"
#include "nb101/op.hpp"
#include "nb101/prune.hpp"

// What the drop-in asks of a spec and of an index, as plain C functions: pybind11's dispatcher
// alone would take as long as the answers. Whatever is unusual about a spec (another container,
// another dtype, a fault) is left to Python: these functions then return None or -1.

namespace nb101::bindings {
namespace {

namespace py = pybind11;

// Strings and types that are made once, and live as long as the process.
struct Names {
  PyObject* ndarray;
  PyObject* input;
  PyObject* output;
  std::array<PyObject*, kNumOps> ops;
  PyObject* adjacency;
  PyObject* operations;
  PyObject* parameters;
  std::array<std::array<PyObject*, 4>, 3> values;  // [prefix][metric]
};
Names names;

// The official order of a run's values, and the prefixes of their names.
constexpr std::array kRunMetrics = {Metric::training_time, Metric::train_accuracy,
                                    Metric::validation_accuracy, Metric::test_accuracy};
enum Prefix : std::uint8_t { kPlain, kHalfway, kFinal };
constexpr std::array kPrefixes = {"", "halfway_", "final_"};

PyObject* intern(const std::string& text) {
  PyObject* const object = PyUnicode_InternFromString(text.c_str());
  if (!object) throw py::error_already_set();
  return object;
}

void make_names() {
  names.ndarray = py::module_::import("numpy").attr("ndarray").cast<py::object>().release().ptr();
  names.input = intern(std::string(kInputName));
  names.output = intern(std::string(kOutputName));
  for (std::size_t i = 0; i < kOpNames.size(); ++i) names.ops[i] = intern(std::string(kOpNames[i]));
  names.adjacency = intern("module_adjacency");
  names.operations = intern("module_operations");
  names.parameters = intern("trainable_parameters");
  for (std::size_t prefix = 0; prefix < kPrefixes.size(); ++prefix) {
    for (std::size_t i = 0; i < kRunMetrics.size(); ++i) {
      names.values[prefix][i] = intern(kPrefixes[prefix] + std::string(name(kRunMetrics[i])));
    }
  }
}

void check_count(Py_ssize_t given, Py_ssize_t wanted) {
  if (given == wanted) return;
  throw py::type_error(std::to_string(given) + " arguments where " + std::to_string(wanted) +
                       " are wanted");
}

// ---------------------------------------------------------------- matrices

// A matrix as users write it: any number that is not zero is an edge.
struct SpecMatrix {
  Graph graph;                      // its upper triangle
  bool is_upper_triangular = true;  // nothing on the diagonal and below
  bool is_zero_one = true;
};

template <class T>
void read_elements(const py::array& array, SpecMatrix& matrix) {
  const auto* const data = static_cast<const std::uint8_t*>(array.data());
  const py::ssize_t row_stride = array.strides(0);
  const py::ssize_t column_stride = array.strides(1);
  for (int v = 0; v < matrix.graph.num_vertices; ++v) {
    std::uint32_t nonzero = 0;
    for (int w = 0; w < matrix.graph.num_vertices; ++w) {
      const T value = load<T>(data + v * row_stride + w * column_stride);
      nonzero |= static_cast<std::uint32_t>(value != T{0}) << w;
      matrix.is_zero_one &= value == T{0} || value == T{1};
    }
    const auto above = static_cast<std::uint32_t>(~std::uint64_t{0} << (v + 1));
    matrix.graph.successors[v] = nonzero & above;
    matrix.is_upper_triangular &= (nonzero & ~above) == 0;
  }
}

// Square arrays of 1 to 32 vertices and of a usual dtype, else none.
std::optional<SpecMatrix> read_matrix(PyObject* object) {
  if (reinterpret_cast<PyObject*>(Py_TYPE(object)) != names.ndarray) return std::nullopt;
  const auto array = py::reinterpret_borrow<py::array>(object);
  if (array.ndim() != 2 || array.shape(0) != array.shape(1)) return std::nullopt;
  if (array.shape(0) < 1 || array.shape(0) > kMaxGraphVertices) return std::nullopt;
  const py::dtype dtype = array.dtype();
  if (dtype.byteorder() == '>') return std::nullopt;
  SpecMatrix matrix;
  matrix.graph.num_vertices = static_cast<int>(array.shape(0));
  const char kind = dtype.kind();
  const auto size = dtype.itemsize();
  if (kind == 'f' && size == 8) {
    read_elements<double>(array, matrix);
  } else if (kind == 'f' && size == 4) {
    read_elements<float>(array, matrix);
  } else if (kind != 'b' && kind != 'i' && kind != 'u') {
    return std::nullopt;
  } else if (size == 1) {
    read_elements<std::uint8_t>(array, matrix);
  } else if (size == 2) {
    read_elements<std::uint16_t>(array, matrix);
  } else if (size == 4) {
    read_elements<std::uint32_t>(array, matrix);
  } else {
    read_elements<std::uint64_t>(array, matrix);
  }
  return matrix;
}

// Rows and columns of the vertices in `live`: a new array of the same dtype.
py::array keep_rows(const py::array& array, std::uint32_t live) {
  const py::ssize_t kept = std::popcount(live);
  const py::ssize_t size = array.itemsize();
  py::array result(array.dtype(), std::array{kept, kept});
  auto* to = static_cast<std::uint8_t*>(result.mutable_data());
  const auto* const from = static_cast<const std::uint8_t*>(array.data());
  for (std::uint32_t rows = live; rows; rows &= rows - 1) {
    const std::uint8_t* const row = from + std::countr_zero(rows) * array.strides(0);
    for (std::uint32_t columns = live; columns; columns &= columns - 1, to += size) {
      std::memcpy(to, row + std::countr_zero(columns) * array.strides(1),
                  static_cast<std::size_t>(size));
    }
  }
  return result;
}

py::array copy_of(const py::array& array) {
  return {array.dtype(), std::array{array.shape(0), array.shape(1)},
          std::array{array.strides(0), array.strides(1)}, array.data()};
}

// ---------------------------------------------------------------- specs

// A list of strings or numbers: a shallow copy of it is a deep one.
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

std::uint32_t live_vertices_of(const Graph& graph) noexcept {
  return graph.num_vertices < 2 ? 0 : live_vertices(graph.successors.data(), graph.num_vertices);
}

// (matrix, ops) -> copies of both, and pruned copies of both, which are None where nothing joins
// input and output. None: not a usual upper triangular matrix with a list of names or labels.
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
    py::object kept = live ? py::object(keep_rows(array, live)) : py::none();
    PyTuple_SET_ITEM(parts.ptr(), 2, kept.release().ptr());
    kept = live ? keep_items(ops, live) : py::object(py::none());
    PyTuple_SET_ITEM(parts.ptr(), 3, kept.release().ptr());
    return parts;
  });
}

// (matrix, labels of the interior) -> the official hash of the graph as it is, not pruned.
PyObject* hash_spec(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&]() -> py::object {
    check_count(count, 2);
    std::optional<SpecMatrix> matrix = read_matrix(arguments[0]);
    if (!matrix || !matrix->is_upper_triangular || !matrix->is_zero_one) return py::none();
    const int n = matrix->graph.num_vertices;
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
    if (op == names.ops[static_cast<std::size_t>(label)]) return label;
  }
  if (!PyUnicode_Check(op)) return std::nullopt;
  Py_ssize_t length = 0;
  const char* const text = PyUnicode_AsUTF8AndSize(op, &length);
  if (!text) {  // a lone surrogate: no operation
    PyErr_Clear();
    return std::nullopt;
  }
  return label_from_name({text, static_cast<std::size_t>(length)});
}

bool is_name(PyObject* op, PyObject* wanted) {
  return op == wanted || (PyUnicode_Check(op) && PyUnicode_Compare(op, wanted) == 0);
}

// The cell of a pruned spec; kNoCell for an unpruned one, and for all that is unusual.
std::int32_t find_cell(PyObject* object, PyObject* ops) {
  std::optional<SpecMatrix> matrix = read_matrix(object);
  if (!matrix || !matrix->is_upper_triangular || !matrix->is_zero_one) return kNoCell;
  Graph& graph = matrix->graph;
  const int n = graph.num_vertices;
  const py::scoped_critical_section lock(ops);
  if (n < 2 || n > kMaxVertices || !PyList_CheckExact(ops) || PyList_GET_SIZE(ops) != n ||
      live_vertices_of(graph) != (1u << n) - 1 || !is_name(PyList_GET_ITEM(ops, 0), names.input) ||
      !is_name(PyList_GET_ITEM(ops, n - 1), names.output)) {
    return kNoCell;
  }
  for (int v = 1; v < n - 1; ++v) {
    const std::optional<int> label = label_of(PyList_GET_ITEM(ops, v));
    if (!label) return kNoCell;
    graph.labels[v] = *label;
  }
  return SearchSpace::instance().id(pack(graph));
}

// (matrix, ops) -> the cell id of a pruned spec, -1 for anything else.
PyObject* cell_of_spec(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&] {
    check_count(count, 2);
    return py::int_(find_cell(arguments[0], arguments[1]));
  });
}

// ---------------------------------------------------------------- reader

// An index as the official API shows it.
class Reader {
 public:
  Reader(py::object file, const IndexView& index)
      : file_(std::move(file)), index_(index), first_(index) {}

  Py_ssize_t row_of_cell(std::int32_t id) const {
    const auto row = index_.row_of(id);
    return row ? static_cast<Py_ssize_t>(*row) : -1;
  }

  // Lower-case digits only: a hash in capitals is another key.
  Py_ssize_t row_of_hash(PyObject* text) const {
    Py_ssize_t length = 0;
    const char* const digits =
        PyUnicode_Check(text) ? PyUnicode_AsUTF8AndSize(text, &length) : nullptr;
    PyErr_Clear();
    if (!digits) return -1;
    const auto digest = digest_from_hex({digits, static_cast<std::size_t>(length)});
    if (!digest) return -1;
    std::int32_t id = kNoCell;
    index_.find({&*digest, 1}, &id, 1);
    return row_of_cell(id);
  }

  std::size_t row(PyObject* number) const { return bounded(number, index_.num_rows(), "row"); }
  std::size_t budget(PyObject* number) const {
    return bounded(number, index_.budgets().size(), "budget");
  }
  std::size_t repeat(PyObject* number, std::size_t row, std::size_t budget) const {
    return bounded(number, index_.run_count(row, budget), "repeat");
  }
  std::uint32_t run_count(std::size_t row, std::size_t budget) const noexcept {
    return index_.run_count(row, budget);
  }

  std::vector<std::int32_t> rows() const {
    const py::gil_scoped_release release;
    return first_.rows();
  }

  std::string hash(std::size_t row) const { return to_hex(index_.hashes()[row]); }

  // Adjacency, operations and parameters, as of the cell's first record.
  void add_graph(PyObject* dict, std::size_t row) const {
    const std::size_t budget = first_.budget(row);
    const auto code = static_cast<Code>(first_value(Metric::graph, row, budget));
    const std::optional<Graph> graph = prune(unpack(code));
    if (!graph || code_faults(code)) {
      throw py::value_error(index_.source() + ": the stored graph of row " + std::to_string(row) +
                            " is no cell");
    }
    add(dict, names.adjacency, adjacency_of(*graph));
    add(dict, names.operations, operations_of(*graph));
    const double parameters = first_value(Metric::trainable_parameters, row, budget);
    add(dict, names.parameters, py::int_(static_cast<long long>(parameters)));
  }

  void add_values(PyObject* dict, std::size_t row, std::size_t budget, std::size_t repeat,
                  Stage stage, Prefix prefix) const {
    for (std::size_t i = 0; i < kRunMetrics.size(); ++i) {
      const double value = index_.column(kRunMetrics[i], stage, budget, repeat)[row];
      add(dict, names.values[prefix][i], py::float_(value));
    }
  }

 private:
  static std::size_t bounded(PyObject* number, std::size_t end, const char* what) {
    const std::size_t value = PyLong_AsSize_t(number);
    if (PyErr_Occurred()) throw py::error_already_set();
    if (value >= end)
      throw py::index_error("no " + std::string(what) + " " + std::to_string(value));
    return value;
  }

  static void add(PyObject* dict, PyObject* key, const py::object& value) {
    if (PyDict_SetItem(dict, key, value.ptr()) < 0) throw py::error_already_set();
  }

  double first_value(Metric metric, std::size_t row, std::size_t budget) const {
    return index_.column(metric, Stage::start, budget, 0)[row];
  }

  static py::object adjacency_of(const Graph& graph) {
    const py::ssize_t n = graph.num_vertices;
    py::array_t<std::int8_t> matrix({n, n});
    std::int8_t* to = matrix.mutable_data();
    for (int v = 0; v < n; ++v) {
      for (int w = 0; w < n; ++w) *to++ = static_cast<std::int8_t>(graph.successors[v] >> w & 1);
    }
    return std::move(matrix);
  }

  static py::object operations_of(const Graph& graph) {
    const int n = graph.num_vertices;
    auto operations = py::reinterpret_steal<py::object>(PyList_New(n));
    if (!operations) throw py::error_already_set();
    for (int v = 0; v < n; ++v) {
      PyObject* const op = v == 0       ? names.input
                           : v == n - 1 ? names.output
                                        : names.ops[static_cast<std::size_t>(graph.labels[v])];
      PyList_SET_ITEM(operations.ptr(), v, Py_NewRef(op));
    }
    return operations;
  }

  py::object file_;  // keeps the index open
  const IndexView& index_;
  FirstRecords first_;
};

struct ReaderObject {
  PyObject_HEAD Reader* reader;
};

PyTypeObject* reader_type = nullptr;

const Reader& reader_of(PyObject* self) { return *reinterpret_cast<ReaderObject*>(self)->reader; }

py::object new_dict() {
  auto dict = py::reinterpret_steal<py::object>(PyDict_New());
  if (!dict) throw py::error_already_set();
  return dict;
}

PyObject* row_of_cell(PyObject* self, PyObject* cell_id) {
  return guarded([&] {
    const long id = PyLong_AsLong(cell_id);
    if (PyErr_Occurred()) throw py::error_already_set();
    const bool is_cell = id >= 0 && id < kNumCells;
    return py::int_(reader_of(self).row_of_cell(is_cell ? static_cast<std::int32_t>(id) : kNoCell));
  });
}

PyObject* row_of_hash(PyObject* self, PyObject* text) {
  return guarded([&] { return py::int_(reader_of(self).row_of_hash(text)); });
}

PyObject* hash_of_row(PyObject* self, PyObject* row) {
  return guarded([&] { return py::str(reader_of(self).hash(reader_of(self).row(row))); });
}

PyObject* rows(PyObject* self, PyObject*) {
  return guarded([&] {
    const std::vector<std::int32_t> rows = reader_of(self).rows();
    return py::array_t<std::int32_t>(static_cast<py::ssize_t>(rows.size()), rows.data());
  });
}

PyObject* run_count(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&] {
    check_count(count, 2);
    const Reader& reader = reader_of(self);
    return py::int_(reader.run_count(reader.row(arguments[0]), reader.budget(arguments[1])));
  });
}

PyObject* fixed(PyObject* self, PyObject* row) {
  return guarded([&] {
    py::object dict = new_dict();
    reader_of(self).add_graph(dict.ptr(), reader_of(self).row(row));
    return dict;
  });
}

PyObject* computed(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&] {
    check_count(count, 2);
    const Reader& reader = reader_of(self);
    const std::size_t row = reader.row(arguments[0]);
    const std::size_t budget = reader.budget(arguments[1]);
    py::list runs;
    for (std::uint32_t repeat = 0; repeat < reader.run_count(row, budget); ++repeat) {
      const py::object dict = new_dict();
      reader.add_values(dict.ptr(), row, budget, repeat, Stage::halfway, kHalfway);
      reader.add_values(dict.ptr(), row, budget, repeat, Stage::final, kFinal);
      runs.append(dict);
    }
    return runs;
  });
}

PyObject* answer(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&] {
    check_count(count, 4);
    const Reader& reader = reader_of(self);
    const std::size_t row = reader.row(arguments[0]);
    const std::size_t budget = reader.budget(arguments[1]);
    const std::size_t repeat = reader.repeat(arguments[2], row, budget);
    const int is_halfway = PyObject_IsTrue(arguments[3]);
    if (is_halfway < 0) throw py::error_already_set();
    py::object dict = new_dict();
    reader.add_graph(dict.ptr(), row);
    reader.add_values(dict.ptr(), row, budget, repeat, is_halfway ? Stage::halfway : Stage::final,
                      kPlain);
    return dict;
  });
}

void deallocate(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  delete reinterpret_cast<ReaderObject*>(self)->reader;
  PyObject_Free(self);
  Py_DECREF(type);
}

// METH_FASTCALL has another signature than PyCFunction, which CPython knows by the flag.
using FastCall = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t);
PyCFunction as_method(FastCall function) noexcept {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef reader_methods[] = {
    {"row_of_cell", row_of_cell, METH_O, "The row of a cell id, -1 where there is none."},
    {"row_of_hash", row_of_hash, METH_O, "The row of an official hash, -1 for anything else."},
    {"hash_of_row", hash_of_row, METH_O, "The official hash of a row."},
    {"rows", rows, METH_NOARGS, "The rows by first record in the compiled file."},
    {"run_count", as_method(run_count), METH_FASTCALL, "(row, budget) -> how many runs there are."},
    {"fixed", fixed, METH_O, "The fixed statistics of a row."},
    {"computed", as_method(computed), METH_FASTCALL, "(row, budget) -> the values of all runs."},
    {"answer", as_method(answer), METH_FASTCALL,
     "(row, budget, repeat, is_halfway) -> what a query gives."},
    {}};

PyType_Slot reader_slots[] = {
    {Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
    {Py_tp_methods, reader_methods},
    {Py_tp_doc, const_cast<char*>("An index as the official API shows it.")},
    {}};

PyType_Spec reader_spec = {
    "nb101fast._core.OfficialReader", sizeof(ReaderObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    reader_slots};

py::object make_reader(const py::object& file) {
  auto reader = std::make_unique<Reader>(file, file.cast<const IndexFile&>().view());
  ReaderObject* const self = PyObject_New(ReaderObject, reader_type);
  if (!self) throw py::error_already_set();
  self->reader = reader.release();
  return py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(self));
}

PyMethodDef functions[] = {
    {"prune_spec", as_method(prune_spec), METH_FASTCALL,
     "(matrix, ops) -> copies of both and pruned copies of both, or None for anything unusual."},
    {"cell_of_spec", as_method(cell_of_spec), METH_FASTCALL,
     "(matrix, ops) -> the cell id of a pruned spec, -1 for anything else."},
    {"hash_spec", as_method(hash_spec), METH_FASTCALL,
     "(matrix, interior labels) -> the official hash of the graph as it is, or None."},
    {}};

}  // namespace

void register_spec(py::module_& module) {
  make_names();
  reader_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&reader_spec));
  if (!reader_type || PyModule_AddFunctions(module.ptr(), functions) < 0) {
    throw py::error_already_set();
  }
  module.add_object("OfficialReader", reinterpret_cast<PyObject*>(reader_type));
  module.def("official_reader", &make_reader, py::arg("file"));
}

}  // namespace nb101::bindings
