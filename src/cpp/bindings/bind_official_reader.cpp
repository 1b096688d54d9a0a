#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "bindings/arrays.hpp"
#include "bindings/fast_call.hpp"
#include "bindings/guarded.hpp"
#include "bindings/official_reader.hpp"
#include "bindings/registers.hpp"
#include "nb101/sentence.hpp"

// nb101fast._core.OfficialReader has plain C methods, because pybind11's dispatcher takes about as
// long as a query.

namespace nb101::bindings {
namespace {

namespace py = pybind11;

struct ReaderObject {
  PyObject_HEAD OfficialReader* reader;
};

PyTypeObject* reader_type = nullptr;

const OfficialReader& reader_of(PyObject* self) {
  return *reinterpret_cast<ReaderObject*>(self)->reader;
}

// Returns the number in an argument. Throws IndexError if it is not less than `end`.
std::size_t bounded(PyObject* number, std::size_t end, const char* what) {
  const std::size_t value = PyLong_AsSize_t(number);
  if (PyErr_Occurred()) throw py::error_already_set();
  if (value < end) return value;
  throw py::index_error(sentence("no ", what, " ", value, ": there are ", end));
}

std::size_t row_argument(const OfficialReader& reader, PyObject* number) {
  return bounded(number, reader.num_rows(), "row");
}

std::size_t budget_argument(const OfficialReader& reader, PyObject* number) {
  return bounded(number, reader.num_budgets(), "budget");
}

PyObject* num_rows(PyObject* self, void*) {
  return guarded([&] { return py::int_(reader_of(self).num_rows()); });
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
  return guarded([&] { return reader_of(self).hash(row_argument(reader_of(self), row)); });
}

PyObject* rows(PyObject* self, PyObject*) {
  return guarded([&] { return copied_array<std::int32_t>(reader_of(self).rows()); });
}

// Returns the rows in an int32 array. Throws TypeError for anything else, and IndexError if the
// index has no such row.
std::span<const std::int32_t> rows_argument(const OfficialReader& reader, PyObject* object) {
  if (!py::isinstance<py::array_t<std::int32_t, py::array::c_style>>(object)) {
    throw py::type_error("rows must be a C-contiguous int32 array");
  }
  const auto array = py::reinterpret_borrow<py::array>(object);
  const std::span<const std::int32_t> rows(static_cast<const std::int32_t*>(array.data()),
                                           static_cast<std::size_t>(array.size()));
  for (const std::int32_t row : rows) {
    if (row < 0 || static_cast<std::size_t>(row) >= reader.num_rows()) {
      throw py::index_error(sentence("no row ", row, ": there are ", reader.num_rows()));
    }
  }
  return rows;
}

PyObject* hashes_of_rows(PyObject* self, PyObject* rows) {
  return guarded([&] { return reader_of(self).hashes(rows_argument(reader_of(self), rows)); });
}

PyObject* run_count(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&] {
    check_count(count, 2);
    const OfficialReader& reader = reader_of(self);
    return py::int_(reader.run_count(row_argument(reader, arguments[0]),
                                     budget_argument(reader, arguments[1])));
  });
}

PyObject* budget_set(PyObject* self, PyObject* number) {
  return guarded([&] {
    const OfficialReader& reader = reader_of(self);
    const std::size_t row = row_argument(reader, number);
    constexpr std::size_t kBits = 64;
    py::int_ set(0);
    for (std::size_t first = 0; first < reader.num_budgets(); first += kBits) {
      const std::size_t end = std::min(reader.num_budgets(), first + kBits);
      std::uint64_t word = 0;
      for (std::size_t budget = first; budget < end; ++budget) {
        word |= std::uint64_t{reader.run_count(row, budget) > 0} << (budget - first);
      }
      set = first ? py::int_(set | (py::int_(word) << py::int_(first))) : py::int_(word);
    }
    return set;
  });
}

PyObject* fixed(PyObject* self, PyObject* row) {
  return guarded([&] { return reader_of(self).fixed(row_argument(reader_of(self), row)); });
}

PyObject* fixed_of_rows(PyObject* self, PyObject* rows) {
  return guarded([&] { return reader_of(self).fixed(rows_argument(reader_of(self), rows)); });
}

PyObject* computed(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&] {
    check_count(count, 2);
    const OfficialReader& reader = reader_of(self);
    return reader.computed(row_argument(reader, arguments[0]),
                           budget_argument(reader, arguments[1]));
  });
}

PyObject* hide(PyObject*, PyObject* container) {
  return guarded([&]() -> PyObject* {
    if (!PyDict_Check(container)) throw py::type_error("only a dictionary can be hidden");
    hide_from_collector(container);
    return Py_NewRef(Py_None);
  });
}

PyObject* answer(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&] {
    check_count(count, 4);
    const OfficialReader& reader = reader_of(self);
    const std::size_t row = row_argument(reader, arguments[0]);
    const std::size_t budget = budget_argument(reader, arguments[1]);
    const std::size_t repeat = bounded(arguments[2], reader.run_count(row, budget), "repeat");
    const int is_halfway = PyObject_IsTrue(arguments[3]);
    if (is_halfway < 0) throw py::error_already_set();
    return reader.answer(row, budget, repeat, is_halfway ? Stage::halfway : Stage::final);
  });
}

void deallocate_reader(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  delete reinterpret_cast<ReaderObject*>(self)->reader;
  PyObject_Free(self);
  Py_DECREF(type);
}

PyMethodDef reader_methods[] = {
    {"row_of_cell", row_of_cell, METH_O, "The row of a cell id, or -1 if there is none."},
    {"row_of_hash", row_of_hash, METH_O, "The row of an official hash, or -1 if there is none."},
    {"hash_of_row", hash_of_row, METH_O, "The official hash of a row."},
    {"rows", rows, METH_NOARGS, "All rows, in the order of the compiled file: an int32 array."},
    {"hashes_of_rows", hashes_of_rows, METH_O, "The official hashes of an array of rows: a list."},
    {"run_count", as_method(run_count), METH_FASTCALL, "(row, budget) -> how many runs there are."},
    {"budget_set", budget_set, METH_O,
     "The budgets at which a row has runs: bit b is set for budget b."},
    {"fixed", fixed, METH_O, "The fixed statistics of a row."},
    {"fixed_of_rows", fixed_of_rows, METH_O, "The fixed statistics of an array of rows: a list."},
    {"computed", as_method(computed), METH_FASTCALL, "(row, budget) -> the values of all runs."},
    {"hide", hide, METH_O | METH_STATIC, "Hides a dictionary of runs from the garbage collector."},
    {"answer", as_method(answer), METH_FASTCALL,
     "(row, budget, repeat, is_halfway) -> what a query returns."},
    {}};

PyGetSetDef properties[] = {{"num_rows", num_rows, nullptr, "How many cells there are.", nullptr},
                            {}};

PyType_Slot reader_slots[] = {
    {Py_tp_dealloc, reinterpret_cast<void*>(deallocate_reader)},
    {Py_tp_methods, reader_methods},
    {Py_tp_getset, properties},
    {Py_tp_doc, const_cast<char*>("Reads an index in the form of the official API.")},
    {}};

PyType_Spec specification = {
    "nb101fast._core.OfficialReader", sizeof(ReaderObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    reader_slots};

PyObject* make_reader(PyObject*, PyObject* given) {
  return guarded([&] {
    const auto file = py::reinterpret_borrow<py::object>(given);
    auto reader = std::make_unique<OfficialReader>(file, file.cast<const IndexFile&>().view());
    ReaderObject* const self = PyObject_New(ReaderObject, reader_type);
    if (!self) throw py::error_already_set();
    self->reader = reader.release();
    return reinterpret_cast<PyObject*>(self);
  });
}

PyMethodDef functions_of_readers[] = {
    {"official_reader", make_reader, METH_O, "Reads an IndexFile in the form of the official API."},
    {}};

}  // namespace

void register_official_reader(py::module_& module) {
  reader_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&specification));
  if (!reader_type) throw py::error_already_set();
  module.add_object("OfficialReader", reinterpret_cast<PyObject*>(reader_type));
  add_functions(module, functions_of_readers);
}

}  // namespace nb101::bindings
