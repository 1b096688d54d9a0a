#include "bindings/findings_dict.hpp"

#include <string>

namespace nb101::bindings {

namespace py = pybind11;

namespace {

std::string column_name(ColumnName column) {
  const std::string metric(name(column.metric));
  return is_staged(column.metric) ? std::string(name(column.stage)) + "_" + metric : metric;
}

}  // namespace

py::dict findings_dict(const Findings& findings) {
  const auto pair = [](const Finding& finding) {
    return py::make_tuple(finding.count, finding.first);
  };
  py::dict result;
  result["other_parameters"] = pair(findings.other_parameters);
  result["odd_accuracies"] = pair(findings.odd_accuracies);
  result["odd_times"] = pair(findings.odd_times);
  result["odd_epochs"] = pair(findings.odd_epochs);
  result["unknown_fields"] = pair(findings.unknown_fields);
  py::dict missing;
  for (std::size_t slot = 0; slot < kNumColumns; ++slot) {
    const Finding& finding = findings.missing_values[slot];
    if (finding.count > 0) missing[py::str(column_name(column_at(slot)))] = pair(finding);
  }
  result["missing_values"] = missing;
  return result;
}

}  // namespace nb101::bindings
