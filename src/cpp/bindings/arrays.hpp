// Checks the codes, ids and output arrays that come from Python. They are checked nowhere else.
//
// Codes and ids are both integers, and most ids are valid codes of other cells. So NumPy's types
// distinguish them: a code is a uint32 and an id is an int32. A Python int may be either, and the
// name of the argument decides.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <span>
#include <vector>

#include "nb101/cell.hpp"
#include "nb101/digest.hpp"

namespace nb101::bindings {

namespace py = pybind11;

using ByteArray = py::array_t<std::uint8_t, py::array::c_style>;
using DoubleArray = py::array_t<double, py::array::c_style>;

// Returns a read-only array over memory that `owner` keeps alive. The owner may be null if the
// memory is never freed.
template <class T>
py::array view(std::span<const T> values, py::handle owner) {
  py::array array(py::dtype::of<T>(), {static_cast<py::ssize_t>(values.size())},
                  {static_cast<py::ssize_t>(sizeof(T))}, values.data(),
                  owner ? owner : py::handle(py::none()));
  array.attr("setflags")(py::arg("write") = false);
  return array;
}

py::array view_digests(std::span<const Digest> digests, py::handle owner);

// Returns a new array with a copy of the values.
template <class T>
py::array_t<T> copied_array(std::span<const T> values) {
  return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

// Returns the digests in an array of shape (N, 16). Throws ValueError for another shape.
std::span<const Digest> digests_of(const ByteArray& hashes);

// Returns whether a value holds several codes or ids. Such a value is an array of one dimension or
// more, a list or a tuple.
bool is_batch(py::handle value);

// Returns one code as a Python int. The code may be an int, a uint32 scalar, a 0-d uint32 array or
// a Cell. Throws TypeError for anything else. The int may still be too large or negative.
py::object code_integer(py::handle code);

// Returns one code. Throws TypeError as code_integer does, and ValueError if the code does not fit
// 32 bits without sign.
Code as_code(py::handle code);

// Returns codes as a 1-D array. They may be a uint32 array, or a list or tuple of what as_code
// takes. Throws TypeError or ValueError with the value and its position.
py::array_t<Code> as_codes(py::handle codes);

// Returns one cell id. It may be an int, an int32 scalar or a 0-d int32 array. Throws TypeError for
// anything else, and IndexError if the id is not in least..423,623.
std::int32_t as_id(py::handle id, std::int32_t least = 0);

// Returns ids as a 1-D array. They may be an int32 array, or a list or tuple of what as_id takes.
// Throws TypeError, ValueError or IndexError with the value and its position.
py::array_t<std::int32_t> as_ids(py::handle ids, std::int32_t least = 0);

template <class T>
std::span<const T> span_of(const py::array_t<T>& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

// Returns the array to write into: a new one, or `out` if it is given. The type and shape of `out`
// are checked, and it must share no memory with `input`, which holds the codes or ids.
template <class T>
py::array_t<T> output_for(const py::array& input, const std::vector<py::ssize_t>& shape,
                          const py::object& out);

// Throws ValueError if the values are a masked array that hides some of them. The core would read
// what is hidden. `what` names the values.
void check_mask(py::handle values, const char* what);

inline constexpr int kMaxThreads = 4096;  // that a call may start

// Returns a number of threads. Throws TypeError if it is not an int, and ValueError if it is not in
// 1..kMaxThreads.
int as_threads(py::handle threads);

}  // namespace nb101::bindings
