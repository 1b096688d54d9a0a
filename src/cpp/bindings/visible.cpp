#include "bindings/visible.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "bindings/registers.hpp"

namespace nb101::bindings {
namespace {

namespace py = pybind11;

constexpr const char* kRawBytes = "surrogateescape";  // Python holds such bytes from U+DC80 on

bool is_harmless(Py_UCS4 character) {
  const bool is_raw_letter = character >= 0xdca0 && character <= 0xdcff;
  return is_raw_letter || Py_UNICODE_ISPRINTABLE(character);
}

std::u32string characters_of(const py::str& text) {
  std::u32string characters(static_cast<std::size_t>(PyUnicode_GET_LENGTH(text.ptr())), U' ');
  for (std::size_t i = 0; i < characters.size(); ++i) {
    characters[i] = PyUnicode_READ_CHAR(text.ptr(), static_cast<Py_ssize_t>(i));
  }
  return characters;
}

py::str text_of(const std::u32string& characters) {
  PyObject* const text = PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, characters.data(),
                                                   static_cast<Py_ssize_t>(characters.size()));
  if (!text) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(text);
}

// Returns the text with raw bytes that are UTF-8 after all as the characters that they are.
py::str joined(const py::str& text) {
  const auto bytes =
      py::reinterpret_steal<py::object>(PyUnicode_AsEncodedString(text.ptr(), "utf-8", kRawBytes));
  if (!bytes) {  // other surrogates, which no name has
    PyErr_Clear();
    return text;
  }
  PyObject* const decoded = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(bytes.ptr()),
                                                 PyBytes_GET_SIZE(bytes.ptr()), kRawBytes);
  if (!decoded) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

void append_escape(std::u32string& to, char32_t character) {
  std::array<char, 16> escape{};
  const char* const form = character < 0x100     ? "\\x%02x"
                           : character < 0x10000 ? "\\u%04x"
                                                 : "\\U%08x";
  const int length =
      std::snprintf(escape.data(), escape.size(), form, static_cast<unsigned>(character));
  to.append(escape.begin(), escape.begin() + length);
}

}  // namespace

py::str visible(const py::str& text) {
  const std::u32string characters = characters_of(joined(text));
  if (std::ranges::all_of(characters, is_harmless)) return text;
  std::u32string shown;
  for (const char32_t character : characters) {
    if (is_harmless(character)) {
      shown.push_back(character);
    } else {
      append_escape(shown, character);
    }
  }
  return text_of(shown);
}

void register_visible(py::module_& module) { module.def("visible", &visible, py::arg("text")); }

}  // namespace nb101::bindings
