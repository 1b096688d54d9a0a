// Measures the least time that a call from Python takes. The function uses METH_FASTCALL, takes an
// int and returns it as a float.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

namespace {

PyObject* as_float(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 1) return PyErr_Format(PyExc_TypeError, "as_float takes one int");
  const long value = PyLong_AsLong(arguments[0]);
  if (value == -1 && PyErr_Occurred()) return nullptr;
  return PyFloat_FromDouble(static_cast<double>(value));
}

PyMethodDef methods[] = {
    {"as_float", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(as_float)),
     METH_FASTCALL, "The int as a float."},
    {nullptr, nullptr, 0, nullptr}};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "fastcall", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit_fastcall() { return PyModule_Create(&definition); }
