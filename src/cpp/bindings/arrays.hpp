// NumPy arrays in and out: checked on the way in, never copied on the way out.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <span>

#include "nb101/cell.hpp"
#include "nb101/digest.hpp"

namespace nb101::bindings {

namespace py = pybind11;

// A read-only array over memory that `owner` keeps alive (none: memory that is never freed).
template <class T>
py::array view(std::span<const T> values, py::handle owner) {
  py::array array(py::dtype::of<T>(), {static_cast<py::ssize_t>(values.size())},
                  {static_cast<py::ssize_t>(sizeof(T))}, values.data(),
                  owner ? owner : py::handle(py::none()));
  array.attr("setflags")(py::arg("write") = false);
  return array;
}

py::array view_digests(std::span<const Digest> digests, py::handle owner);

// A 1-D array of codes. Other integer types are converted where every value fits 32 bits.
// Throws TypeError or ValueError, naming the value.
py::array_t<Code> as_codes(py::handle codes);

inline std::span<const Code> span_of(const py::array_t<Code>& codes) {
  return {codes.data(), static_cast<std::size_t>(codes.size())};
}

// The array to write into: `out` after a check of its type, shape and memory, or a new one.
template <class T>
py::array_t<T> output_for(const py::array_t<Code>& codes, const py::object& out);

// Throws ValueError unless at least 1.
void check_threads(int threads);

}  // namespace nb101::bindings
