#include "bindings/official_names.hpp"

#include <string>

namespace nb101::bindings {
namespace {

PyObject* intern(const std::string& text) {
  PyObject* const object = PyUnicode_InternFromString(text.c_str());
  if (!object) throw pybind11::error_already_set();
  return object;
}

OfficialNames make_names() {
  OfficialNames names{};
  names.input = intern(std::string(kInputName));
  names.output = intern(std::string(kOutputName));
  for (std::size_t i = 0; i < kOpNames.size(); ++i) names.ops[i] = intern(std::string(kOpNames[i]));
  names.adjacency = intern("module_adjacency");
  names.operations = intern("module_operations");
  names.parameters = intern("trainable_parameters");
  for (std::size_t prefix = 0; prefix < kNamePrefixes.size(); ++prefix) {
    for (std::size_t i = 0; i < kRunMetrics.size(); ++i) {
      names.values[prefix][i] = intern(kNamePrefixes[prefix] + std::string(name(kRunMetrics[i])));
    }
  }
  return names;
}

}  // namespace

const OfficialNames& official_names() {
  static const OfficialNames names = make_names();
  return names;
}

}  // namespace nb101::bindings
