// Converts C++ exceptions to Python exceptions, for functions that pybind11 does not call.
#pragma once

#include <pybind11/pybind11.h>

#include <type_traits>

namespace nb101::bindings {

// Calls f, which returns a pybind11 object or a pointer, and returns the new reference. If f
// throws, sets the Python error that pybind11 would set (see register_errors) and returns null. f
// itself may set an error and return null.
template <class F>
PyObject* guarded(F f) {
  try {
    if constexpr (std::is_pointer_v<decltype(f())>) {
      return f();
    } else {
      return f().release().ptr();
    }
  } catch (...) {
    pybind11::detail::try_translate_exceptions();
    return nullptr;
  }
}

}  // namespace nb101::bindings
