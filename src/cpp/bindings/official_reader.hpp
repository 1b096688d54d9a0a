// Reads an index in the form of the official API: with hashes as text and with dictionaries that
// have the official keys.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <span>
#include <vector>

#include "bindings/official_names.hpp"
#include "nb101/first_records.hpp"
#include "nb101/index.hpp"

namespace nb101::bindings {

// Hides a container from the garbage collector, which would look for cycles in the containers of
// all cells again and again. The container must hold only strings, numbers, arrays or such
// containers. Python shows a dictionary to the collector again when a container is stored in it.
inline void hide_from_collector(PyObject* container) noexcept { PyObject_GC_UnTrack(container); }

class OfficialReader {
 public:
  static constexpr Py_ssize_t kNoRow = -1;

  // Keeps `file` alive, because `index` is a view of it.
  OfficialReader(pybind11::object file, const IndexView& index);

  std::size_t num_rows() const noexcept { return index_.num_rows(); }
  std::size_t num_budgets() const noexcept { return index_.budgets().size(); }
  std::uint32_t run_count(std::size_t row, std::size_t budget) const noexcept {
    return index_.run_count(row, budget);
  }

  Py_ssize_t row_of_cell(std::int32_t id) const noexcept;
  // The hash must have 32 lower-case digits. A hash in upper case is not found.
  Py_ssize_t row_of_hash(PyObject* text) const;

  pybind11::object hash(std::size_t row) const;
  // Returns all rows, in the order of their first records in the compiled file.
  std::vector<std::int32_t> rows() const;
  pybind11::object hashes(std::span<const std::int32_t> rows) const;

  // Return {module_adjacency, module_operations, trainable_parameters} of the cell's first record.
  pybind11::object fixed(std::size_t row) const;
  pybind11::object fixed(std::span<const std::int32_t> rows) const;
  // Returns the values of all runs at a budget, by repeat.
  pybind11::object computed(std::size_t row, std::size_t budget) const;
  // Returns the answer of a query: the fixed statistics, and the values of one run at one stage.
  pybind11::object answer(std::size_t row, std::size_t budget, std::size_t repeat,
                          Stage stage) const;

 private:
  // The values from which the fixed statistics of a row are made.
  struct FirstRecord {
    std::size_t row;
    Code graph;
    long long trainable_parameters;
  };

  // The values of a run at one stage, in the order of kRunMetrics.
  using RunValues = std::array<double, kRunMetrics.size()>;

  FirstRecord first_record(std::size_t row) const;
  pybind11::object fixed_of(const FirstRecord& record) const;
  RunValues run_values(Stage stage, std::size_t row, std::size_t budget, std::size_t repeat) const;

  pybind11::object file_;
  const IndexView& index_;
  FirstRecords first_;
  // Have the keys of a run's computed values and of the fixed statistics. Each answer fills a copy,
  // because that is faster than to insert the keys.
  pybind11::object empty_run_;
  pybind11::object empty_fixed_;
};

}  // namespace nb101::bindings
