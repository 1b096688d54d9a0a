#include "bindings/bind_objective.hpp"

#include <pybind11/numpy.h>
#include <structmember.h>

#include <cstddef>
#include <string>

#include "bindings/arrays.hpp"
#include "bindings/guarded.hpp"
#include "bindings/registers.hpp"

// pybind11's dispatcher costs more than the look-up: this type fills the vectorcall slot itself.

namespace nb101::bindings {
namespace {

struct ObjectiveObject {
  PyObject_HEAD vectorcallfunc vectorcall;
  const SearchSpace* space;
  Objective* objective;
  PyObject* recipe;
  PyObject* text;
};

PyTypeObject* objective_type = nullptr;
PyObject* code_attribute = nullptr;  // "code", interned

ObjectiveObject* cast(PyObject* self) { return reinterpret_cast<ObjectiveObject*>(self); }

PyObject* raise_outside(PyObject* value) {
  PyErr_Format(out_of_domain_error(),
               "code %R is outside the search space: after pruning, a cell joins input and output "
               "and has at most 7 vertices, at most 9 edges and labels 0..2",
               value);
  return nullptr;
}

PyObject* call_int(const ObjectiveObject* self, PyObject* integer) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(integer, &overflow);
  if (value == -1 && PyErr_Occurred()) return nullptr;
  if (overflow || value < 0 || value > 0x7fffffff) return raise_outside(integer);
  const std::int32_t id = self->space->id(static_cast<Code>(value));
  if (id == kNoCell) return raise_outside(integer);
  return PyFloat_FromDouble((*self->objective)(id));
}

// NumPy integers and 0-d arrays by __index__, cells by their code.
PyObject* call_other_scalar(const ObjectiveObject* self, PyObject* argument) {
  if (PyIndex_Check(argument)) {
    const auto integer = py::reinterpret_steal<py::object>(PyNumber_Index(argument));
    return integer ? call_int(self, integer.ptr()) : nullptr;
  }
  const auto code = py::reinterpret_steal<py::object>(PyObject_GetAttr(argument, code_attribute));
  if (code && PyLong_Check(code.ptr())) return call_int(self, code.ptr());
  PyErr_Format(PyExc_TypeError,
               "an objective takes a code (int), a Cell or a uint32 array of codes, not %R",
               reinterpret_cast<PyObject*>(Py_TYPE(argument)));
  return nullptr;
}

py::object call_array(const ObjectiveObject* self, PyObject* argument, const py::object& out,
                      int threads) {
  check_threads(threads);
  const py::array_t<Code> codes = as_codes(argument);
  py::array_t<float> values = output_for<float>(codes, out);
  const std::span<const Code> from = span_of(codes);
  float* const to = values.mutable_data();
  {
    const py::gil_scoped_release release;
    (*self->objective)(from, to, threads);
  }
  return std::move(values);
}

bool is_batch(PyObject* argument) {
  return py::isinstance<py::array>(argument) &&
         py::reinterpret_borrow<py::array>(argument).ndim() > 0;
}

struct Keywords {
  py::object out = py::none();
  int threads = 1;
};

Keywords read_keywords(PyObject* const* values, PyObject* names) {
  Keywords keywords;
  for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); ++i) {
    const auto name = py::cast<std::string>(PyTuple_GET_ITEM(names, i));
    const auto value = py::reinterpret_borrow<py::object>(values[i]);
    if (name == "out") {
      keywords.out = value;
    } else if (name == "threads") {
      if (!PyLong_Check(values[i])) throw py::type_error("threads is not an int");
      keywords.threads = value.cast<int>();
    } else {
      throw py::type_error("an objective has no argument '" + name + "'; out and threads it has");
    }
  }
  return keywords;
}

PyObject* call(PyObject* self, PyObject* const* arguments, std::size_t flags, PyObject* names) {
  const Py_ssize_t count = PyVectorcall_NARGS(flags);
  if (count == 1 && !names && PyLong_CheckExact(arguments[0])) {
    return call_int(cast(self), arguments[0]);
  }
  if (count != 1) {
    PyErr_Format(PyExc_TypeError, "an objective takes one code, Cell or array, not %zd arguments",
                 count);
    return nullptr;
  }
  return guarded([&]() -> PyObject* {
    const Keywords keywords = read_keywords(arguments + 1, names);
    if (is_batch(arguments[0])) {
      return call_array(cast(self), arguments[0], keywords.out, keywords.threads).release().ptr();
    }
    if (!keywords.out.is_none()) throw py::type_error("out= goes with an array of codes");
    return call_other_scalar(cast(self), arguments[0]);
  });
}

void deallocate(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  delete cast(self)->objective;
  Py_XDECREF(cast(self)->recipe);
  Py_XDECREF(cast(self)->text);
  PyObject_Free(self);
  Py_DECREF(type);
}

PyObject* represent(PyObject* self) { return Py_NewRef(cast(self)->text); }

PyObject* reduce(PyObject* self, PyObject*) { return Py_NewRef(cast(self)->recipe); }

PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {}};

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(ObjectiveObject, vectorcall), READONLY, nullptr},
    {}};

constexpr const char* kDoc =
    "One metric of an index, bound for look-up; made by Index.objective().\n\n"
    "f(code) -> float; f(cell) -> float; f(codes, *, out=None, threads=1) -> float32 array.\n"
    "OutOfDomainError (one code) or NaN (arrays) outside the search space; NaN without a run.";

PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
                       {Py_tp_repr, reinterpret_cast<void*>(represent)},
                       {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                       {Py_tp_methods, methods},
                       {Py_tp_members, members},
                       {Py_tp_doc, const_cast<char*>(kDoc)},
                       {}};

PyType_Spec spec = {"nb101fast._core.Objective", sizeof(ObjectiveObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL |
                        Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
                    slots};

}  // namespace

py::object make_objective(std::unique_ptr<Objective> objective, py::tuple recipe, py::str text) {
  ObjectiveObject* const self = PyObject_New(ObjectiveObject, objective_type);
  if (!self) throw py::error_already_set();
  self->vectorcall = call;
  self->space = &SearchSpace::instance();
  self->objective = objective.release();
  self->recipe = recipe.release().ptr();
  self->text = text.release().ptr();
  return py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(self));
}

void register_objective(py::module_& module) {
  code_attribute = PyUnicode_InternFromString("code");
  objective_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (!code_attribute || !objective_type) throw py::error_already_set();
  module.add_object("Objective", reinterpret_cast<PyObject*>(objective_type));
}

}  // namespace nb101::bindings
