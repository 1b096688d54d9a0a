#include "bindings/official_reader.hpp"

#include <pybind11/numpy.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "bindings/long_work.hpp"
#include "nb101/cell.hpp"
#include "nb101/digest.hpp"
#include "nb101/error.hpp"
#include "nb101/prune.hpp"
#include "nb101/sentence.hpp"

namespace nb101::bindings {
namespace {

namespace py = pybind11;

// Lists are made in blocks of rows. All that a block needs is loaded before its first object is
// made, so that the processor waits for several loads at once.
constexpr std::size_t kBlock = 512;

py::object owned(PyObject* object) {
  if (!object) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(object);
}

void set(PyObject* dict, PyObject* key, const py::object& value) {
  if (PyDict_SetItem(dict, key, value.ptr()) < 0) throw py::error_already_set();
}

// Calls NumPy's own function, because py::array_t would allocate shape and strides twice.
py::object adjacency_of(const Graph& graph) {
  static constexpr int kInt8 = 1;  // NPY_BYTE
  const auto& numpy = py::detail::npy_api::get();
  const Py_intptr_t shape[] = {graph.num_vertices, graph.num_vertices};
  const py::object array =
      owned(numpy.PyArray_NewFromDescr_(numpy.PyArray_Type_, numpy.PyArray_DescrFromType_(kInt8), 2,
                                        shape, nullptr, nullptr, 0, nullptr));
  auto* to = reinterpret_cast<std::int8_t*>(py::detail::array_proxy(array.ptr())->data);
  for (int v = 0; v < graph.num_vertices; ++v) {
    for (int w = 0; w < graph.num_vertices; ++w) {
      *to++ = static_cast<std::int8_t>(graph.successors[v] >> w & 1);
    }
  }
  return array;
}

py::object operations_of(const Graph& graph) {
  const OfficialNames& names = official_names();
  const int n = graph.num_vertices;
  py::object operations = owned(PyList_New(n));
  for (int v = 0; v < n; ++v) {
    PyObject* const op = v == 0       ? names.input
                         : v == n - 1 ? names.output
                                      : names.ops[static_cast<std::size_t>(graph.labels[v])];
    PyList_SET_ITEM(operations.ptr(), v, Py_NewRef(op));
  }
  hide_from_collector(operations.ptr());
  return operations;
}

py::object empty_run() {
  const OfficialNames& names = official_names();
  py::object run = owned(PyDict_New());
  for (const NamePrefix prefix : {NamePrefix::halfway, NamePrefix::final}) {
    for (std::size_t i = 0; i < kRunMetrics.size(); ++i) {
      set(run.ptr(), names.value(prefix, i), py::none());
    }
  }
  return run;
}

void set_values(PyObject* dict, NamePrefix prefix, std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    set(dict, official_names().value(prefix, i), py::float_(values[i]));
  }
}

py::object empty_fixed() {
  const OfficialNames& names = official_names();
  py::object fixed = owned(PyDict_New());
  for (PyObject* const name : {names.adjacency, names.operations, names.parameters}) {
    set(fixed.ptr(), name, py::none());
  }
  return fixed;
}

// Returns nothing unless all digits are lower-case, because the official dictionaries do not have
// hashes in upper case.
std::optional<Digest> digest_of(PyObject* text) {
  Py_ssize_t length = 0;
  const char* const digits =
      PyUnicode_Check(text) ? PyUnicode_AsUTF8AndSize(text, &length) : nullptr;
  if (!digits) {
    PyErr_Clear();
    return std::nullopt;
  }
  return digest_from_hex({digits, static_cast<std::size_t>(length)});
}

py::object text_of(const Digest& digest) {
  py::object text = owned(PyUnicode_New(static_cast<Py_ssize_t>(2 * digest.size()), 127));
  write_hex(digest, reinterpret_cast<char*>(PyUnicode_1BYTE_DATA(text.ptr())));
  return text;
}

}  // namespace

OfficialReader::OfficialReader(py::object file, const IndexView& index)
    : file_(std::move(file)),
      index_(index),
      first_(index),
      empty_run_(empty_run()),
      empty_fixed_(empty_fixed()) {}

Py_ssize_t OfficialReader::row_of_cell(std::int32_t id) const noexcept {
  const auto row = index_.row_of(id);
  return row ? static_cast<Py_ssize_t>(*row) : kNoRow;
}

Py_ssize_t OfficialReader::row_of_hash(PyObject* text) const {
  const std::optional<Digest> digest = digest_of(text);
  if (!digest) return kNoRow;
  std::int32_t id = kNoCell;
  index_.find({&*digest, 1}, &id, 1);
  return row_of_cell(id);
}

py::object OfficialReader::hash(std::size_t row) const { return text_of(index_.hashes()[row]); }

std::vector<std::int32_t> OfficialReader::rows() const {
  const LongWork long_work;
  return first_.rows();
}

py::object OfficialReader::hashes(std::span<const std::int32_t> rows) const {
  std::vector<Digest> digests;
  digests.reserve(kBlock);
  py::object hashes = owned(PyList_New(static_cast<Py_ssize_t>(rows.size())));
  for (std::size_t begin = 0; begin < rows.size(); begin += kBlock) {
    digests.clear();
    for (const std::int32_t row : rows.subspan(begin, std::min(kBlock, rows.size() - begin))) {
      digests.push_back(index_.hashes()[static_cast<std::size_t>(row)]);
    }
    for (std::size_t i = 0; i < digests.size(); ++i) {
      PyList_SET_ITEM(hashes.ptr(), static_cast<Py_ssize_t>(begin + i),
                      text_of(digests[i]).release().ptr());
    }
  }
  return hashes;
}

py::object OfficialReader::fixed(std::size_t row) const { return fixed_of(first_record(row)); }

py::object OfficialReader::fixed(std::span<const std::int32_t> rows) const {
  std::vector<FirstRecord> records;
  records.reserve(kBlock);
  py::object entries = owned(PyList_New(static_cast<Py_ssize_t>(rows.size())));
  for (std::size_t begin = 0; begin < rows.size(); begin += kBlock) {
    records.clear();
    for (const std::int32_t row : rows.subspan(begin, std::min(kBlock, rows.size() - begin))) {
      records.push_back(first_record(static_cast<std::size_t>(row)));
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
      PyList_SET_ITEM(entries.ptr(), static_cast<Py_ssize_t>(begin + i),
                      fixed_of(records[i]).release().ptr());
    }
  }
  return entries;
}

py::object OfficialReader::computed(std::size_t row, std::size_t budget) const {
  // Loads the values of all runs before it makes the first object, so that the processor waits for
  // several loads at once.
  std::vector<std::array<RunValues, 2>> values(run_count(row, budget));
  for (std::size_t repeat = 0; repeat < values.size(); ++repeat) {
    values[repeat] = {run_values(Stage::halfway, row, budget, repeat),
                      run_values(Stage::final, row, budget, repeat)};
  }
  py::object runs = owned(PyList_New(static_cast<Py_ssize_t>(values.size())));
  for (std::size_t repeat = 0; repeat < values.size(); ++repeat) {
    py::object run = owned(PyDict_Copy(empty_run_.ptr()));
    set_values(run.ptr(), NamePrefix::halfway, values[repeat][0]);
    set_values(run.ptr(), NamePrefix::final, values[repeat][1]);
    PyList_SET_ITEM(runs.ptr(), static_cast<Py_ssize_t>(repeat), run.release().ptr());
  }
  hide_from_collector(runs.ptr());
  return runs;
}

py::object OfficialReader::answer(std::size_t row, std::size_t budget, std::size_t repeat,
                                  Stage stage) const {
  py::object dict = fixed(row);
  set_values(dict.ptr(), NamePrefix::none, run_values(stage, row, budget, repeat));
  return dict;
}

OfficialReader::FirstRecord OfficialReader::first_record(std::size_t row) const {
  const std::size_t budget = first_.budget(row);
  const auto value = [&](Metric metric) {
    return index_.column(metric, Stage::start, budget, 0)[row];
  };
  return {row, static_cast<Code>(value(Metric::graph)),
          static_cast<long long>(value(Metric::trainable_parameters))};
}

py::object OfficialReader::fixed_of(const FirstRecord& record) const {
  const std::optional<Graph> graph = prune(unpack(record.graph));
  if (!graph || code_faults(record.graph)) {
    throw FormatError(index_.source(), 0,
                      sentence("section column graph: the graph of row ", record.row,
                               " is not a cell; compile the file again"));
  }
  const OfficialNames& names = official_names();
  py::object dict = owned(PyDict_Copy(empty_fixed_.ptr()));
  set(dict.ptr(), names.adjacency, adjacency_of(*graph));
  set(dict.ptr(), names.operations, operations_of(*graph));
  set(dict.ptr(), names.parameters, py::int_(record.trainable_parameters));
  hide_from_collector(dict.ptr());
  return dict;
}

OfficialReader::RunValues OfficialReader::run_values(Stage stage, std::size_t row,
                                                     std::size_t budget, std::size_t repeat) const {
  RunValues values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = index_.column(kRunMetrics[i], stage, budget, repeat)[row];
  }
  return values;
}

}  // namespace nb101::bindings
