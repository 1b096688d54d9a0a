#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/findings_dict.hpp"
#include "bindings/long_work.hpp"
#include "bindings/registers.hpp"
#include "bindings/run_arrays.hpp"
#include "nb101/atomic_file.hpp"
#include "nb101/index_assembly.hpp"
#include "nb101/own_columns.hpp"
#include "nb101/regular_file.hpp"
#include "nb101/run_table.hpp"
#include "nb101/sentence.hpp"

namespace nb101::bindings {
namespace {

std::unique_ptr<IndexAssembly> assemble(const RunTable& table, const IndexFile* base,
                                        const py::object& threads) {
  const int num_threads = as_threads(threads);
  const LongWork long_work;
  return std::make_unique<IndexAssembly>(table, base ? &base->view() : nullptr, num_threads);
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

// The own columns of a list of tuples: name, unit, description, and a float32 or float64 array with
// a value of each row.
class OwnColumnList {
 public:
  OwnColumnList(const py::list& listed, std::size_t num_rows) {
    for (const py::handle each : listed) {
      const auto [name, unit, description, values] =
          each.cast<std::tuple<std::string, std::string, std::string, py::array>>();
      const bool is_double = py::isinstance<DoubleArray>(values);
      if (!is_double && !py::isinstance<FloatArray>(values)) {
        throw py::type_error(
            sentence("the values of '", name, "' are no contiguous array of float32 or float64"));
      }
      if (values.ndim() != 1 || std::cmp_not_equal(values.size(), num_rows)) {
        throw py::value_error(sentence("the values of '", name, "' must have shape (", num_rows,
                                       ",), one for each row"));
      }
      const std::span bytes(static_cast<const std::uint8_t*>(values.data()),
                            static_cast<std::size_t>(values.nbytes()));
      columns_.push_back({make_label(name, unit, description),
                          is_double ? ElementType::f64 : ElementType::f32, bytes});
      arrays_.push_back(values);
    }
  }

  std::span<const OwnColumn> columns() const noexcept { return columns_; }

 private:
  using FloatArray = py::array_t<float, py::array::c_style>;

  std::vector<OwnColumn> columns_;
  std::vector<py::array> arrays_;  // which keep the values alive
};

py::dict write_index(IndexAssembly& assembly, const std::string& path,
                     const std::string& provenance, std::uint32_t denominator,
                     const py::list& own_columns) {
  const OwnColumnList own(own_columns, assembly.cells().size());
  WrittenIndex written;
  {
    const LongWork long_work;
    written = assembly.write(path, provenance, denominator, own.columns());
  }
  py::dict result;
  result["num_bytes"] = written.bytes;
  result["denominator"] = written.denominator;
  result["wide_columns"] = py::tuple(py::cast(written.wide_columns));
  return result;
}

std::uint64_t write_own_columns(const IndexFile& index, const std::string& path,
                                const py::list& own_columns) {
  const OwnColumnList own(own_columns, index.view().num_rows());
  const LongWork long_work;
  return write_with_own_columns(index.view(), path, own.columns());
}

py::array_t<std::int32_t> cells_of(const IndexAssembly& assembly) {
  return copied_array(assembly.cells());
}

void append_index(RunTable& table, const IndexFile& index) {
  const LongWork long_work;
  table.append_index(index.view());
}

}  // namespace

void register_compile(py::module_& module) {
  module.attr("MAX_DENOMINATOR") = kMaxDenominator;
  module.attr("MAX_REPEATS") = kMaxRepeats;
  module.attr("MAX_THREADS") = kMaxThreads;
  py::class_<RunTable>(module, "RunTable")
      .def(py::init<>())
      .def("__len__", &RunTable::size)
      .def("reserve", &RunTable::reserve, py::arg("runs"))
      .def(
          "append",
          [](RunTable& table, const CodeArray& codes, const EpochArray& epochs,
             const DoubleArray& values, const ParameterArray& parameters,
             const TimeArray& total_times) {
            table.append(RunArrays{codes, epochs, values, parameters, total_times}.runs());
          },
          py::arg("codes").noconvert(), py::arg("epochs").noconvert(),
          py::arg("values").noconvert(), py::arg("parameters").noconvert(),
          py::arg("total_times").noconvert())
      .def_property_readonly("findings",
                             [](RunTable& table) { return findings_dict(table.findings()); })
      .def("append_index", &append_index, py::arg("index"));

  py::class_<IndexAssembly>(module, "IndexAssembly")
      .def(py::init(&assemble), py::arg("table"), py::arg("base") = py::none(),
           py::arg("threads") = 1, py::keep_alive<1, 2>(), py::keep_alive<1, 3>())
      .def_property_readonly("summary", &summary_of)
      .def_property_readonly("cells", &cells_of)
      .def("write", &write_index, py::arg("path"), py::arg("provenance"),
           py::arg("denominator") = 0, py::arg("own_columns") = py::list());

  module.def(
      "check_label",
      [](const std::string& name, const std::string& unit, const std::string& description) {
        make_label(name, unit, description);
      },
      py::arg("name"), py::arg("unit"), py::arg("description"));
  module.def("write_with_own_columns", &write_own_columns, py::arg("index"), py::arg("path"),
             py::arg("own_columns"));

  py::class_<AtomicFile>(module, "AtomicFile")
      .def(py::init<std::string, bool>(), py::arg("path"), py::arg("follows_links") = true)
      .def_property_readonly("temporary", &AtomicFile::temporary)
      .def(
          "write",
          [](AtomicFile& file, const py::bytes& data) {
            file.write(as_bytes(std::string_view(data)));
          },
          py::arg("data"))
      .def("commit", &AtomicFile::commit, py::call_guard<LongWork>());

  module.def("check_regular", &check_regular, py::arg("name"), py::arg("follows_links") = true);
}

}  // namespace nb101::bindings
