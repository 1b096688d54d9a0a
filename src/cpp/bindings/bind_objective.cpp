#include "bindings/bind_objective.hpp"

#include <pybind11/numpy.h>
#include <structmember.h>

#include <cstddef>
#include <string>
#include <utility>

#include "bindings/arrays.hpp"
#include "bindings/guarded.hpp"
#include "bindings/long_work.hpp"
#include "bindings/registers.hpp"
#include "nb101/sentence.hpp"

// pybind11's dispatcher takes longer than the look-up, so this type fills the vectorcall slot
// itself.

namespace nb101::bindings {
namespace {

struct ObjectiveObject {
  PyObject_HEAD vectorcallfunc vectorcall;
  // What one look-up reads, so that it needs neither the space nor the objective.
  SearchSpace::Tables tables;
  const float* fixed_values;  // null: each value is drawn
  Objective* objective;
  PyObject* recipe;
  PyObject* text;
  PyObject* html;
};

PyTypeObject* objective_type = nullptr;

ObjectiveObject* cast(PyObject* self) { return reinterpret_cast<ObjectiveObject*>(self); }

PyObject* raise_outside(PyObject* code) {
  PyErr_Format(out_of_domain_error(), "code %R is outside the search space: %s", code, kDomainRule);
  return nullptr;
}

// The value of an int, which may be too large for a code: kUnusedCodeBit is then set.
Code code_of(PyObject* integer) {
#if PY_VERSION_HEX >= 0x030c0000
  if (PyUnstable_Long_IsCompact(reinterpret_cast<PyLongObject*>(integer))) [[likely]] {
    // Below 0, bit 31 is set by the conversion.
    return static_cast<Code>(
        PyUnstable_Long_CompactValue(reinterpret_cast<PyLongObject*>(integer)));
  }
#endif
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(integer, &overflow);
  const bool is_code = !overflow && value >= 0 && std::cmp_less(value, kUnusedCodeBit);
  return is_code ? static_cast<Code>(value) : kUnusedCodeBit;
}

PyObject* call_int(const ObjectiveObject* self, PyObject* integer) {
  const Code code = code_of(integer);
  if (code_faults(code)) [[unlikely]]
    return raise_outside(integer);
  const std::int32_t id = self->tables.id_of_faultless(code);
  if (id == kNoCell) [[unlikely]]
    return raise_outside(integer);
  if (!self->fixed_values) [[unlikely]]
    return PyFloat_FromDouble((*self->objective)(id));
  return PyFloat_FromDouble(self->fixed_values[id]);
}

struct Keywords {
  PyObject* ids = nullptr;
  py::object out = py::none();
  int threads = 1;
};

// Reads the keyword arguments. `values` are their values. If `takes_ids`, ids= is one of them.
Keywords read_keywords(PyObject* const* values, PyObject* names, bool takes_ids) {
  Keywords keywords;
  for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); ++i) {
    const py::handle given = PyTuple_GET_ITEM(names, i);
    const auto name = py::cast<std::string>(py::repr(given)[py::slice(1, -1, 1)]);
    const auto value = py::reinterpret_borrow<py::object>(values[i]);
    if (name == "out") {
      keywords.out = value;
    } else if (name == "threads") {
      keywords.threads = as_threads(value);
    } else if (name == "ids" && takes_ids) {
      keywords.ids = values[i];
    } else {
      throw py::type_error(sentence("an objective has no argument '", name, "'; use out or threads",
                                    name == "ids" ? ", and by_id(ids) for cell ids" : ""));
    }
  }
  return keywords;
}

// Runs evaluate(out, threads) without the interpreter's lock, so that other Python threads can run.
template <class Evaluate>
PyObject* evaluated(const py::array& input, const Keywords& keywords, Evaluate evaluate) {
  py::array_t<float> values = output_for<float>(input, {input.size()}, keywords.out);
  float* const to = values.mutable_data();
  {
    const LongWork long_work;
    evaluate(to, keywords.threads);
  }
  return values.release().ptr();
}

void refuse_out(const Keywords& keywords) {
  if (!keywords.out.is_none()) {
    throw py::type_error("out= is allowed for arrays only; a single value is returned as a float");
  }
}

// Answers every call, except that of one plain int.
[[gnu::noinline]] PyObject* call_any(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                                     PyObject* names) {
  return guarded([&]() -> PyObject* {
    const Keywords keywords = read_keywords(arguments + count, names, false);
    if (count != 1) {
      throw py::type_error(sentence("an objective takes one code, Cell or array of codes, not ",
                                    count, " arguments"));
    }
    if (!is_batch(arguments[0])) {
      refuse_out(keywords);
      return call_int(cast(self), code_integer(arguments[0]).ptr());
    }
    const py::array_t<Code> codes = as_codes(arguments[0]);
    return evaluated(codes, keywords, [&](float* out, int threads) {
      (*cast(self)->objective)(span_of(codes), out, threads);
    });
  });
}

// Kept apart from the rest, whose many variables would cost the call of one int a larger frame.
PyObject* call(PyObject* self, PyObject* const* arguments, std::size_t flags, PyObject* names) {
  const Py_ssize_t count = PyVectorcall_NARGS(flags);
  if (count == 1 && !names && PyLong_CheckExact(arguments[0])) [[likely]] {
    return call_int(cast(self), arguments[0]);
  }
  return call_any(self, arguments, count, names);
}

// Answers every call of by_id, except that of one plain int.
[[gnu::noinline]] PyObject* by_id_any(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                                      PyObject* names) {
  return guarded([&]() -> PyObject* {
    const Keywords keywords = read_keywords(arguments + count, names, true);
    if (count + (keywords.ids ? 1 : 0) != 1) {
      throw py::type_error(sentence("by_id takes one id or one array of ids; it was given ",
                                    count + (keywords.ids ? 1 : 0), " arguments"));
    }
    PyObject* const given = count ? arguments[0] : keywords.ids;
    if (!is_batch(given)) {
      refuse_out(keywords);
      return PyFloat_FromDouble((*cast(self)->objective)(as_id(given)));
    }
    const py::array_t<std::int32_t> ids = as_ids(given);
    return evaluated(ids, keywords, [&](float* out, int threads) {
      cast(self)->objective->by_id(span_of(ids), out, threads);
    });
  });
}

PyObject* by_id(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  if (count == 1 && !names && PyLong_CheckExact(arguments[0])) [[likely]] {
    return guarded(
        [&] { return PyFloat_FromDouble((*cast(self)->objective)(as_id(arguments[0]))); });
  }
  return by_id_any(self, arguments, count, names);
}

void deallocate_objective(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  delete cast(self)->objective;
  Py_XDECREF(cast(self)->recipe);
  Py_XDECREF(cast(self)->text);
  Py_XDECREF(cast(self)->html);
  PyObject_Free(self);
  Py_DECREF(type);
}

PyObject* represent(PyObject* self) { return Py_NewRef(cast(self)->text); }

PyObject* reduce(PyObject* self, PyObject*) { return Py_NewRef(cast(self)->recipe); }

constexpr const char* kByIdDoc =
    "by_id($self, ids, *, out=None, threads=1)\n--\n\n"
    "Return the values of cells by their ids, which top_k, where, find and neighbors return.\n\n"
    "One id (an int or np.int32) gives a float. An int32 array or a list of ids gives a float32\n"
    "array, which is written to `out` if that is given. A cell without such a run has the value\n"
    "NaN. Raises IndexError for an id outside 0..423,623, and TypeError for a uint32 array, "
    "because\n"
    "that holds codes.\n"
    "\n"
    ">>> f.by_id(index.top_k('test_accuracy', 5))";

PyMethodDef objective_methods[] = {
    {"__reduce__", reduce, METH_NOARGS, nullptr},
    {"by_id", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(by_id)),
     METH_FASTCALL | METH_KEYWORDS, kByIdDoc},
    {}};

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(ObjectiveObject, vectorcall), READONLY, nullptr},
    {"_repr_html_", T_OBJECT_EX, offsetof(ObjectiveObject, html), READONLY, nullptr},
    {}};

constexpr const char* kDoc =
    "A metric or own column of an index, prepared for look-ups. Index.objective() makes it.\n\n"
    "f(code) and f(cell) return a float. f(codes, *, out=None, threads=1) takes a uint32 array or\n"
    "a list of codes and returns a float32 array, which is written to `out` if that is given.\n"
    "f.by_id(ids) does the same for cell ids. A single code outside the search space raises\n"
    "OutOfDomainError. Within an array, its value is NaN. A cell without such a run has the value\n"
    "NaN.\n\n"
    "If the repeat is random, each query draws a repeat. The draws depend on the seed and on the\n"
    "number of queries before, and not on how these were grouped. A pickled or forked copy makes\n"
    "other draws, because workers that draw the same repeats would not be independent. So the\n"
    "draws of a copy are not reproducible. If they must be, make an objective with a different\n"
    "seed in each worker.";

PyType_Slot objective_slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(deallocate_objective)},
                                 {Py_tp_repr, reinterpret_cast<void*>(represent)},
                                 {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                                 {Py_tp_methods, objective_methods},
                                 {Py_tp_members, members},
                                 {Py_tp_doc, const_cast<char*>(kDoc)},
                                 {}};

PyType_Spec spec = {"nb101fast._core.Objective", sizeof(ObjectiveObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL |
                        Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
                    objective_slots};

}  // namespace

py::object make_objective(std::unique_ptr<Objective> objective, py::tuple recipe, py::str text,
                          py::function html) {
  ObjectiveObject* const self = PyObject_New(ObjectiveObject, objective_type);
  if (!self) throw py::error_already_set();
  self->vectorcall = call;
  self->tables = SearchSpace::instance().tables();
  self->fixed_values = objective->fixed_values();
  self->objective = objective.release();
  self->recipe = recipe.release().ptr();
  self->text = text.release().ptr();
  self->html = html.release().ptr();
  return py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(self));
}

void register_objective(py::module_& module) {
  objective_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (!objective_type) throw py::error_already_set();
  module.add_object("Objective", reinterpret_cast<PyObject*>(objective_type));
}

}  // namespace nb101::bindings
