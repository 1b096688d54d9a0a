#include "bindings/findings_dict.hpp"

namespace nb101::bindings {

namespace py = pybind11;

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
  return result;
}

}  // namespace nb101::bindings
