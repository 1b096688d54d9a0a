// Converts C++ exceptions to Python exceptions, for functions that pybind11 does not call.
#pragma once

#include <pybind11/pybind11.h>

#include <new>
#include <type_traits>

#include "nb101/stop.hpp"

namespace nb101::bindings {

// Calls f, which returns a pybind11 object or a pointer, and returns the new reference. If f
// throws, sets the Python error and returns null. f itself may set an error and return null.
template <class F>
PyObject* guarded(F f) {
  try {
    if constexpr (std::is_pointer_v<decltype(f())>) {
      return f();
    } else {
      return f().release().ptr();
    }
  } catch (pybind11::error_already_set& error) {
    error.restore();
  } catch (const pybind11::builtin_exception& error) {
    error.set_error();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const Stopped&) {
    // Python's exception is set already (see LongWork).
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

}  // namespace nb101::bindings
