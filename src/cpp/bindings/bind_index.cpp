#include <pybind11/native_enum.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "bindings/arrays.hpp"
#include "bindings/bind_objective.hpp"
#include "bindings/findings_dict.hpp"
#include "bindings/long_work.hpp"
#include "bindings/registers.hpp"
#include "nb101/exact.hpp"
#include "nb101/index.hpp"
#include "nb101/index_fields.hpp"
#include "nb101/objective.hpp"

namespace nb101::bindings {
namespace {

std::unique_ptr<IndexFile> open_index(const std::string& path) {
  const LongWork long_work;
  return std::make_unique<IndexFile>(path, Verify::header);
}

void verify_index(const IndexFile& index, Verify level) {
  const LongWork long_work;
  index.view().verify(level);
}

py::dict findings_of(const IndexFile& index) {
  Findings findings;
  {
    const LongWork long_work;
    findings = index.view().findings();
  }
  return findings_dict(findings);
}

// Returns the tables of fields as tuples: the part of the file, the field, its types, what is
// allowed, and the level that checks it.
py::list index_fields() {
  py::list rows;
  const auto append = [&](const char* part, const IndexField& field, Verify level) {
    rows.append(py::make_tuple(part, field.name, field.type, field.rule, level));
  };
  for (const IndexField& field : header_fields()) append("header", field, Verify::header);
  for (const IndexField& field : budget_fields()) append("budget", field, Verify::header);
  for (const IndexField& field : entry_fields()) append("directory entry", field, Verify::header);
  append("directory entry", checksum_field(), Verify::sections);
  for (const SectionField& field : section_fields()) {
    std::string types;
    for (const ElementType type : field.types) {
      types += (types.empty() ? "" : ", ") +
               std::string(kElementTypeNames[static_cast<std::size_t>(type)]);
    }
    rows.append(py::make_tuple("section", field.name, types, field.rule, field.level));
  }
  return rows;
}

py::dtype dtype_of(ElementType type) {
  switch (type) {
    case ElementType::digest:
      return py::dtype("V16");
    case ElementType::label:
      return py::dtype("V256");
    case ElementType::bytes:
    case ElementType::u8:
      return py::dtype::of<std::uint8_t>();
    case ElementType::u16:
    case ElementType::counts:
      return py::dtype::of<std::uint16_t>();
    case ElementType::u32:
      return py::dtype::of<std::uint32_t>();
    case ElementType::i32:
      return py::dtype::of<std::int32_t>();
    case ElementType::f32:
      return py::dtype::of<float>();
    case ElementType::ticks:  // NumPy has no integer of 40 bits
      return {py::list(py::make_tuple("low", "high")), py::list(py::make_tuple("<u4", "u1")),
              py::list(py::make_tuple(0, 4)), sizeof(Ticks)};
    default:
      return py::dtype::of<double>();
  }
}

// A series of an open file.
struct FileSeries {
  const IndexView& index;
  Series series;
};

FileSeries series_of(const IndexFile& file, Metric metric, Stage stage, std::size_t budget) {
  return {file.view(), file.view().series(metric, stage, budget)};
}

FileSeries own_series_of(const IndexFile& file, std::size_t number) {
  return {file.view(), file.view().own_series(number)};
}

// Returns a column as it is stored, by row. The array is a read-only view of the file. Its stride
// is 0 if the column is constant.
py::array column_view(const py::object& self, std::size_t repeat) {
  const auto& [index, series] = self.cast<const FileSeries&>();
  const Column& column = series.checked_column(repeat);
  const auto size = static_cast<py::ssize_t>(element_size(column.type));
  py::array array(dtype_of(column.type), {static_cast<py::ssize_t>(index.num_rows())},
                  {column.constant ? 0 : size}, column.data, self);
  array.attr("setflags")(py::arg("write") = false);
  return array;
}

// Returns value(row) of each row, and NaN for a row of -1.
template <class Value>
py::array_t<double> values_of(const IndexView& index, const py::array_t<std::int64_t>& rows,
                              Value value) {
  py::array_t<double> values(rows.size());
  for (py::ssize_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<std::size_t>(rows.at(i));
    values.mutable_at(i) =
        row < index.num_rows() ? value(row) : std::numeric_limits<double>::quiet_NaN();
  }
  return values;
}

// Returns the exact values of rows as doubles. The value is NaN if a row lacks the repeat or is -1.
py::array_t<double> run_values(const FileSeries& self, std::size_t repeat,
                               const py::array_t<std::int64_t>& rows) {
  self.series.checked_column(repeat);
  return values_of(self.index, rows,
                   [&](std::size_t row) { return self.series.value(row, repeat); });
}

// Means are rounded to float32, in queries as in objectives. The value of an own column is not a
// mean and keeps its precision.
py::array_t<double> mean_values(const FileSeries& self, const py::array_t<std::int64_t>& rows) {
  return values_of(self.index, rows, [&](std::size_t row) {
    const double mean = self.series.mean(row);
    return self.series.is_own() ? mean : static_cast<double>(static_cast<float>(mean));
  });
}

// Returns the row of each cell id, or -1 if the index has no such cell.
py::array_t<std::int64_t> rows_of(const IndexFile& file,
                                  const py::array_t<std::int32_t>& cell_ids) {
  py::array_t<std::int64_t> rows(cell_ids.size());
  for (py::ssize_t i = 0; i < cell_ids.size(); ++i) {
    const auto row = file.view().row_of(cell_ids.at(i));
    rows.mutable_at(i) = row ? static_cast<std::int64_t>(*row) : -1;
  }
  return rows;
}

py::array_t<std::uint16_t> run_counts(const IndexFile& file, std::size_t budget) {
  const IndexView& index = file.view();
  if (budget >= index.budgets().size()) throw py::index_error("the index has no such budget");
  py::array_t<std::uint16_t> counts(static_cast<py::ssize_t>(index.num_rows()));
  for (std::size_t row = 0; row < index.num_rows(); ++row) {
    counts.mutable_at(row) = static_cast<std::uint16_t>(index.run_count(row, budget));
  }
  return counts;
}

py::array_t<std::int32_t> find_hashes(const IndexFile& file, const ByteArray& hashes,
                                      const py::object& threads) {
  const std::span<const Digest> keys = digests_of(hashes);
  py::array_t<std::int32_t> ids(hashes.shape(0));
  std::int32_t* const to = ids.mutable_data();
  const int num_threads = as_threads(threads);
  {
    const LongWork long_work;
    file.view().find(keys, to, num_threads);
  }
  return ids;
}

// `number` is the repeat if the kind is `one`, and the seed if it is `random`. `mean` ignores it.
py::object bind_objective(const FileSeries& self, Repeat::Kind kind, std::uint64_t number,
                          const py::tuple& recipe, const py::str& text, const py::function& html) {
  const Repeat repeat{kind, number, number};
  std::unique_ptr<Objective> objective;
  {
    const LongWork long_work;
    objective = std::make_unique<Objective>(self.index, self.series, repeat);
  }
  return make_objective(std::move(objective), recipe, text, html);
}

py::list describe_sections(const IndexFile& file) {
  py::list sections;
  for (const SectionEntry& section : file.view().sections()) {
    sections.append(py::make_tuple(file.view().describe(section), dtype_of(section.type),
                                   section.offset, section.bytes));
  }
  return sections;
}

// Returns the name, unit and description of each own column.
py::list labels_of(const IndexFile& file) {
  py::list labels;
  for (const Label& label : file.view().labels()) {
    labels.append(
        py::make_tuple(text_of(label.name), text_of(label.unit), text_of(label.description)));
  }
  return labels;
}

py::list budgets_of(const IndexFile& file) {
  py::list budgets;
  for (const Budget& budget : file.view().budgets()) {
    budgets.append(py::make_tuple(budget.epochs, budget.repeats));
  }
  return budgets;
}

template <class E, std::size_t kCount>
void register_named(py::module_& module, const char* name,
                    const std::array<std::string_view, kCount>& members) {
  py::native_enum<E> type(module, name, "enum.Enum");
  for (std::size_t i = 0; i < kCount; ++i) {
    type.value(std::string(members[i]).c_str(), static_cast<E>(i));
  }
  type.finalize();
}

void register_index_enums(py::module_& module) {
  register_named<Metric>(module, "Metric", kMetricNames);
  register_named<Stage>(module, "Stage", kStageNames);
  py::native_enum<Verify>(module, "Verify", "enum.Enum")
      .value("header", Verify::header)
      .value("sections", Verify::sections)
      .value("full", Verify::full)
      .finalize();
  py::native_enum<Repeat::Kind>(module, "RepeatKind", "enum.Enum")
      .value("one", Repeat::Kind::one)
      .value("mean", Repeat::Kind::mean)
      .value("random", Repeat::Kind::random)
      .finalize();
}

}  // namespace

void register_index(py::module_& module) {
  register_index_enums(module);
  module.attr("FORMAT_VERSION") = kIndexVersion;
  module.attr("INDEX_FIELDS") = index_fields();

  py::class_<IndexFile>(module, "IndexFile")
      .def(py::init(&open_index), py::arg("path"))
      .def("verify", &verify_index, py::arg("level"))
      .def_property_readonly("findings", &findings_of)
      .def_property_readonly("budgets", &budgets_of)
      .def_property_readonly("num_cells", [](const IndexFile& f) { return f.view().num_rows(); })
      .def_property_readonly("num_runs",
                             [](const IndexFile& f) { return f.view().header().num_runs; })
      .def_property_readonly("num_bytes",
                             [](const IndexFile& f) { return f.view().header().file_bytes; })
      .def_property_readonly("denominator",
                             [](const IndexFile& f) { return f.view().header().denominator; })
      .def_property_readonly("is_complete",
                             [](const IndexFile& f) { return f.view().is_complete(); })
      .def_property_readonly("provenance",
                             [](const IndexFile& f) { return py::bytes(f.view().provenance()); })
      .def_property_readonly("sections", &describe_sections)
      .def("cells",
           [](const py::object& self) {
             return view(self.cast<const IndexFile&>().view().cells(), self);
           })
      .def("hashes",
           [](const py::object& self) {
             return view_digests(self.cast<const IndexFile&>().view().hashes(), self);
           })
      .def("order",
           [](const py::object& self) {
             return view(self.cast<const IndexFile&>().view().order(), self);
           })
      .def("run_counts", &run_counts, py::arg("budget"))
      .def_property_readonly("labels", &labels_of)
      .def("series", &series_of, py::arg("metric"), py::arg("stage"), py::arg("budget"),
           py::keep_alive<0, 1>())
      .def("own_series", &own_series_of, py::arg("number"), py::keep_alive<0, 1>())
      .def("rows_of", &rows_of, py::arg("cell_ids"))
      .def("find", &find_hashes, py::arg("hashes").noconvert(), py::arg("threads") = 1);

  py::class_<FileSeries>(module, "Series")
      .def("column", &column_view, py::arg("repeat"))
      .def("run_values", &run_values, py::arg("repeat"), py::arg("rows"))
      .def("mean_values", &mean_values, py::arg("rows"))
      .def("objective", &bind_objective, py::arg("kind"), py::arg("number"), py::arg("recipe"),
           py::arg("text"), py::arg("html"));
}

}  // namespace nb101::bindings
