#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/long_work.hpp"
#include "bindings/registers.hpp"
#include "bindings/run_arrays.hpp"
#include "nb101/index.hpp"
#include "nb101/record.hpp"
#include "nb101/record_reader.hpp"
#include "nb101/record_writer.hpp"
#include "nb101/sentence.hpp"
#include "nb101/shard_reader.hpp"

namespace nb101::bindings {
namespace {

Bytes bytes_of(const py::buffer_info& info) {
  if (info.ndim > 1 || (info.ndim == 1 && info.size > 1 && info.strides[0] != info.itemsize)) {
    throw py::value_error("the buffer is not contiguous; use bytes(buffer)");
  }
  return {static_cast<const std::uint8_t*>(info.ptr),
          static_cast<std::size_t>(info.size * info.itemsize)};
}

Bytes bytes_of(const py::bytes& data) { return as_bytes(std::string_view(data)); }

py::bytes python_bytes(std::string_view text) { return {text.data(), text.size()}; }

py::bytes python_bytes(const std::vector<std::uint8_t>& data) {
  return python_bytes(as_text(data));
}

// Feeds a contiguous Python buffer to a reader. Other Python threads can run meanwhile.
template <class Reader>
void feed(Reader& reader, const py::buffer& buffer) {
  const py::buffer_info info = buffer.request();
  const Bytes bytes = bytes_of(info);
  const LongWork long_work;
  reader.feed(bytes);
}

// ---------------------------------------------------------------- frames

py::bytes frame_of(const py::bytes& payload) {
  std::vector<std::uint8_t> frame;
  append_frame(frame, bytes_of(payload));
  return python_bytes(frame);
}

void count_records(FrameStream& stream, const py::buffer& buffer) {
  const py::buffer_info info = buffer.request();
  const Bytes bytes = bytes_of(info);
  const LongWork long_work;
  stream.feed(bytes, [](std::span<const Frame>) {});
}

// Returns (offset, payload) of each record that the bytes complete.
py::list payloads_of(FrameStream& stream, const py::buffer& buffer) {
  py::list records;
  stream.feed(bytes_of(buffer.request()), [&](std::span<const Frame> frames) {
    for (const Frame& frame : frames) {
      records.append(py::make_tuple(frame.offset, python_bytes(as_text(frame.payload))));
    }
  });
  return records;
}

// ---------------------------------------------------------------- records of training runs

py::list harness_fields() {
  py::list fields;
  for (const HarnessField& field : kHarnessFields) {
    const bool is_integer = std::holds_alternative<HarnessField::Integer>(field.member);
    fields.append(py::make_tuple(field.number, field.name, is_integer ? "integer" : "seconds",
                                 field.meaning));
  }
  return fields;
}

HarnessFields harness_from(const py::dict& values) {
  HarnessFields harness;
  for (const HarnessField& field : kHarnessFields) {
    const py::object value = values[py::str(field.name)];
    if (const auto* const integer = std::get_if<HarnessField::Integer>(&field.member)) {
      harness.** integer = PyLong_AsUnsignedLongLong(value.ptr());
      if (PyErr_Occurred()) throw py::error_already_set();
    } else {
      harness.*std::get<HarnessField::Seconds>(field.member) = value.cast<double>();
    }
  }
  return harness;
}

py::dict harness_values(const HarnessFields& harness) {
  py::dict values;
  for (const HarnessField& field : kHarnessFields) {
    const py::str name(field.name);
    if (const auto* const integer = std::get_if<HarnessField::Integer>(&field.member)) {
      values[name] = harness.**integer;
    } else {
      values[name] = harness.*std::get<HarnessField::Seconds>(field.member);
    }
  }
  return values;
}

// Returns the payload of one run. The graph is given by the texts of the record, so that graphs
// outside the search space can be written too.
py::bytes format_record(const std::string& module_hash, std::uint32_t epochs,
                        const std::string& adjacency, const std::string& operations,
                        const DoubleArray& evaluations, std::int32_t parameters, double total_time,
                        const py::dict& harness) {
  if (evaluations.size() != static_cast<py::ssize_t>(kRunValues)) {
    throw py::value_error(
        sentence("evaluations have ", evaluations.size(), " values; 3 times 5 are needed"));
  }
  const HarnessFields fields = harness_from(harness);
  std::string protobuf;
  append_metrics(protobuf, metrics_from(evaluations.data(), parameters, total_time), &fields);
  std::string payload;
  append_record_text(payload, {module_hash, epochs, adjacency, operations, protobuf});
  return python_bytes(payload);
}

// Returns the arguments of format_record, in the same order. Texts are returned as bytes, because a
// damaged record may hold any bytes.
py::tuple parse_training_record(const py::bytes& payload, const std::string& source,
                                std::uint64_t number, std::uint64_t offset) {
  const RecordPlace place{&source, number, offset};
  RecordScratch scratch;
  const RecordText text = parse_record_text(bytes_of(payload), scratch, place);
  FoundFields found;
  const ModelMetrics metrics = parse_metrics(text.protobuf, place, found);
  check_training_run(metrics, found, place);
  py::list evaluations;
  for (const Evaluation& each : metrics.evaluations) {
    evaluations.append(py::make_tuple(each.current_epoch, each.training_time, each.train_accuracy,
                                      each.validation_accuracy, each.test_accuracy));
  }
  return py::make_tuple(python_bytes(text.hash), text.epochs, python_bytes(text.adjacency),
                        python_bytes(text.operations), evaluations, metrics.trainable_parameters,
                        metrics.total_time, harness_values(found.harness));
}

py::dict shard_runs(const ShardReader& reader) {
  const ShardRuns& runs = reader.runs();
  py::dict arrays;
  arrays["offsets"] = copied_array<std::uint64_t>(runs.offsets);
  arrays["codes"] = copied_array<Code>(runs.codes);
  arrays["epochs"] = copied_array<std::uint32_t>(runs.epochs);
  arrays["repeats"] = copied_array<std::uint64_t>(runs.repeats);
  arrays["seeds"] = copied_array<std::uint64_t>(runs.seeds);
  arrays["attempts"] = copied_array<std::uint64_t>(runs.attempts);
  return arrays;
}

// ---------------------------------------------------------------- official records

// Returns the runs as the bytes of a TFRecord file.
py::bytes format_runs(const RunArrays& runs) {
  std::vector<std::uint8_t> out;
  std::string payload;
  for (const Run& run : runs.runs()) {
    payload.clear();
    append_record_payload(payload, SearchSpace::instance().hash(run.cell_id), run);
    append_frame(out, as_bytes(payload));
  }
  return python_bytes(out);
}

// Returns the frames of the next records, or nothing at the end.
py::bytes next_records(RecordWriter& writer, std::size_t most, const py::object& threads) {
  const int num_threads = as_threads(threads);
  std::vector<std::uint8_t> frames;
  {
    const LongWork long_work;
    frames = writer.next(most, num_threads);
  }
  return python_bytes(frames);
}

}  // namespace

void register_record(py::module_& module) {
  module.def(
      "is_frame_start", [](const py::bytes& start) { return is_frame_start(bytes_of(start)); },
      py::arg("start"));
  module.def("frame", &frame_of, py::arg("payload"));
  py::class_<FrameStream>(module, "FrameStream")
      .def(py::init([](std::string source, std::uint64_t offset, std::uint64_t number) {
             return std::make_unique<FrameStream>(std::move(source), FileEnd::torn, offset, number);
           }),
           py::arg("source"), py::arg("offset") = 0, py::arg("number") = 0)
      .def("count", &count_records, py::arg("buffer"))
      .def("payloads", &payloads_of, py::arg("buffer"))
      .def_property_readonly("num_records", &FrameStream::num_records)
      .def_property_readonly("end", &FrameStream::end);

  module.attr("HARNESS_FIELDS") = harness_fields();
  module.def("format_record", &format_record, py::arg("module_hash"), py::arg("epochs"),
             py::arg("adjacency"), py::arg("operations"), py::arg("evaluations").noconvert(),
             py::arg("parameters"), py::arg("total_time"), py::arg("harness"));
  module.def("parse_record", &parse_training_record, py::arg("payload"), py::arg("source"),
             py::arg("number"), py::arg("offset"));
  py::class_<ShardReader>(module, "ShardReader")
      .def(py::init([](std::string source, const py::object& threads) {
             return std::make_unique<ShardReader>(std::move(source), as_threads(threads));
           }),
           py::arg("source"), py::arg("threads"))
      .def("feed", &feed<ShardReader>, py::arg("buffer"))
      .def("runs", &shard_runs);

  py::class_<RecordReader>(module, "RecordReader")
      .def(py::init([](RunTable& table, std::string source, const py::object& threads) {
             return std::make_unique<RecordReader>(table, std::move(source), as_threads(threads));
           }),
           py::arg("table"), py::arg("source"), py::arg("threads"), py::keep_alive<1, 2>())
      .def("feed", &feed<RecordReader>, py::arg("buffer"))
      .def("finish", &RecordReader::finish)
      .def_property_readonly("num_records", &RecordReader::num_records);
  module.def(
      "format_runs",
      [](const CodeArray& codes, const EpochArray& epochs, const DoubleArray& values,
         const ParameterArray& parameters, const TimeArray& total_times) {
        return format_runs({codes, epochs, values, parameters, total_times});
      },
      py::arg("codes").noconvert(), py::arg("epochs").noconvert(), py::arg("values").noconvert(),
      py::arg("parameters").noconvert(), py::arg("total_times").noconvert());
  py::class_<RecordWriter>(module, "RecordWriter")
      .def(py::init(
               [](const IndexFile& index) { return std::make_unique<RecordWriter>(index.view()); }),
           py::arg("index"), py::keep_alive<1, 2>())
      .def("next", &next_records, py::arg("most"), py::arg("threads"));
}

}  // namespace nb101::bindings
