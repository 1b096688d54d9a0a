// Helps to write plain C functions of an extension module, which pybind11's dispatcher does not
// call.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "nb101/sentence.hpp"

namespace nb101::bindings {

// METH_FASTCALL functions have another signature than PyCFunction. The flag tells CPython the right
// one.
using FastCall = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t);
inline PyCFunction as_method(FastCall function) noexcept {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

// Throws TypeError if the number of given arguments is not the number that the function takes.
inline void check_count(Py_ssize_t given, Py_ssize_t taken) {
  if (given == taken) return;
  throw pybind11::type_error(sentence(given, " arguments are given; the function takes ", taken));
}

// Adds plain C functions to the module. The last definition is empty. Throws what CPython raises.
inline void add_functions(pybind11::module_& module, PyMethodDef* functions) {
  if (PyModule_AddFunctions(module.ptr(), functions) < 0) throw pybind11::error_already_set();
}

}  // namespace nb101::bindings
