#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>

#include "bindings/arrays.hpp"
#include "bindings/registers.hpp"
#include "nb101/atomic_file.hpp"
#include "nb101/crc32c.hpp"
#include "nb101/error.hpp"
#include "nb101/file_format.hpp"
#include "nb101/index_assembly.hpp"
#include "nb101/model_metrics.hpp"
#include "nb101/record_reader.hpp"
#include "nb101/record_writer.hpp"
#include "nb101/run_table.hpp"
#include "nb101/tfrecord.hpp"

namespace nb101::bindings {
namespace {

using DoubleArray = py::array_t<double, py::array::c_style>;

constexpr std::size_t kEvaluationFields = 5;  // as in Evaluation
constexpr std::size_t kRunFields = kEvaluationFields * kNumStages;

// What one row of a values array holds: three evaluations, field by field.
ModelMetrics metrics_from(const double* values, std::int32_t parameters, double total_time) {
  ModelMetrics metrics;
  for (Evaluation& evaluation : metrics.evaluations) {
    evaluation = {values[0], values[1], values[2], values[3], values[4]};
    values += kEvaluationFields;
  }
  metrics.trainable_parameters = parameters;
  metrics.total_time = total_time;
  return metrics;
}

// Runs as arrays: a pruned code and epochs a run, (N, 15) evaluations, parameters and total times.
struct RunArrays {
  py::array_t<Code> codes;
  py::array_t<std::uint32_t> epochs;
  DoubleArray values;
  py::array_t<std::int32_t> parameters;
  DoubleArray total_times;

  Run run(py::ssize_t i) const {
    Run run;
    run.graph = codes.at(i);
    run.cell_id = SearchSpace::instance().id(run.graph);
    if (run.cell_id == kNoCell) {
      throw OutOfDomainError("code " + std::to_string(run.graph) + " of run " + std::to_string(i) +
                             " is outside the search space");
    }
    run.epochs = epochs.at(i);
    run.metrics = metrics_from(values.data(i, 0), parameters.at(i), total_times.at(i));
    return run;
  }
};

void check_shapes(const RunArrays& runs) {
  const py::ssize_t n = runs.codes.size();
  if (runs.epochs.size() != n || runs.parameters.size() != n || runs.total_times.size() != n ||
      runs.values.ndim() != 2 || runs.values.shape(0) != n ||
      runs.values.shape(1) != static_cast<py::ssize_t>(kRunFields)) {
    throw py::value_error("run arrays of different lengths, or values not of shape (N, 15)");
  }
}

void append_runs(RunTable& table, const RunArrays& runs) {
  check_shapes(runs);
  std::vector<Run> all;
  all.reserve(static_cast<std::size_t>(runs.codes.size()));
  for (py::ssize_t i = 0; i < runs.codes.size(); ++i) all.push_back(runs.run(i));
  table.append(all);
}

// The runs as the bytes of a TFRecord file.
py::bytes format_runs(const RunArrays& runs) {
  check_shapes(runs);
  std::vector<std::uint8_t> out;
  std::string payload;
  for (py::ssize_t i = 0; i < runs.codes.size(); ++i) {
    const Run run = runs.run(i);
    payload.clear();
    append_record_payload(payload, SearchSpace::instance().hash(run.cell_id), run);
    append_frame(out, as_bytes(payload));
  }
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

py::dict findings_of(RunTable& table) {
  const auto pair = [](const Finding& finding) {
    return py::make_tuple(finding.count, finding.first);
  };
  const Findings& findings = table.findings();
  py::dict result;
  result["other_parameters"] = pair(findings.other_parameters);
  result["odd_accuracies"] = pair(findings.odd_accuracies);
  result["odd_times"] = pair(findings.odd_times);
  result["unknown_fields"] = pair(findings.unknown_fields);
  return result;
}

std::unique_ptr<IndexAssembly> assemble(const RunTable& table, const IndexFile* base, int threads) {
  check_threads(threads);
  const py::gil_scoped_release release;
  return std::make_unique<IndexAssembly>(table, base ? &base->view() : nullptr, threads);
}

py::dict summary_of(const IndexAssembly& assembly) {
  const IndexSummary& summary = assembly.summary();
  py::dict result;
  result["cells"] = summary.cells;
  result["runs"] = summary.runs;
  result["missing_runs"] = summary.missing_runs;
  result["replaced_runs"] = summary.replaced_runs;
  result["repeated_runs"] = summary.repeated_runs;
  result["official_order"] = summary.official_order;
  return result;
}

py::dict write_index(IndexAssembly& assembly, const std::string& path,
                     const std::string& provenance, std::uint32_t denominator) {
  WrittenIndex written;
  {
    const py::gil_scoped_release release;
    written = assembly.write(path, provenance, denominator);
  }
  py::dict result;
  result["num_bytes"] = written.bytes;
  result["denominator"] = written.denominator;
  result["wide_columns"] = py::tuple(py::cast(written.wide_columns));
  return result;
}

void append_index(RunTable& table, const IndexFile& index) {
  const py::gil_scoped_release release;
  table.append_index(index.view());
}

void feed(RecordReader& reader, const py::buffer& buffer) {
  const py::buffer_info info = buffer.request();
  const Bytes bytes(static_cast<const std::uint8_t*>(info.ptr),
                    static_cast<std::size_t>(info.size * info.itemsize));
  const py::gil_scoped_release release;
  reader.feed(bytes);
}

// Frames of the next records; empty at the end.
py::bytes next_records(RecordWriter& writer, std::size_t most, int threads) {
  check_threads(threads);
  std::vector<std::uint8_t> frames;
  {
    const py::gil_scoped_release release;
    frames = writer.next(most, threads);
  }
  return {reinterpret_cast<const char*>(frames.data()), frames.size()};
}

}  // namespace

void register_compile(py::module_& module) {
  module.attr("MAX_DENOMINATOR") = kMaxDenominator;
  py::class_<RunTable>(module, "RunTable")
      .def(py::init<>())
      .def("__len__", &RunTable::size)
      .def("reserve", &RunTable::reserve, py::arg("runs"))
      .def(
          "append",
          [](RunTable& table, const py::array_t<Code>& codes,
             const py::array_t<std::uint32_t>& epochs, const DoubleArray& values,
             const py::array_t<std::int32_t>& parameters, const DoubleArray& total_times) {
            append_runs(table, {codes, epochs, values, parameters, total_times});
          },
          py::arg("codes"), py::arg("epochs"), py::arg("values"), py::arg("parameters"),
          py::arg("total_times"))
      .def_property_readonly("findings", &findings_of)
      .def("append_index", &append_index, py::arg("index"));

  py::class_<IndexAssembly>(module, "IndexAssembly")
      .def(py::init(&assemble), py::arg("table"), py::arg("base") = py::none(),
           py::arg("threads") = 1, py::keep_alive<1, 2>(), py::keep_alive<1, 3>())
      .def_property_readonly("summary", &summary_of)
      .def("write", &write_index, py::arg("path"), py::arg("provenance"),
           py::arg("denominator") = 0);

  py::class_<AtomicFile>(module, "AtomicFile")
      .def(py::init<std::string>(), py::arg("path"))
      .def_property_readonly("temporary", &AtomicFile::temporary)
      .def(
          "write",
          [](AtomicFile& file, const py::bytes& data) {
            file.write(as_bytes(std::string_view(data)));
          },
          py::arg("data"))
      .def("commit", &AtomicFile::commit, py::call_guard<py::gil_scoped_release>());

  py::class_<RecordReader>(module, "RecordReader")
      .def(py::init<RunTable&, std::string, int>(), py::arg("table"), py::arg("source"),
           py::arg("threads"), py::keep_alive<1, 2>())
      .def("feed", &feed, py::arg("buffer"))
      .def("finish", &RecordReader::finish)
      .def_property_readonly("num_records", &RecordReader::num_records);

  module.def(
      "format_runs",
      [](const py::array_t<Code>& codes, const py::array_t<std::uint32_t>& epochs,
         const DoubleArray& values, const py::array_t<std::int32_t>& parameters,
         const DoubleArray& total_times) {
        return format_runs({codes, epochs, values, parameters, total_times});
      },
      py::arg("codes"), py::arg("epochs"), py::arg("values"), py::arg("parameters"),
      py::arg("total_times"));
  py::class_<RecordWriter>(module, "RecordWriter")
      .def(py::init(
               [](const IndexFile& index) { return std::make_unique<RecordWriter>(index.view()); }),
           py::arg("index"), py::keep_alive<1, 2>())
      .def("next", &next_records, py::arg("most"), py::arg("threads"));

  module.def(
      "crc32c", [](const py::bytes& bytes) { return crc32c(as_bytes(std::string_view(bytes))); },
      py::arg("data"));
}

}  // namespace nb101::bindings
