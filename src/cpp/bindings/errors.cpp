#include <pybind11/pybind11.h>

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "bindings/registers.hpp"
#include "bindings/visible.hpp"
#include "nb101/error.hpp"
#include "nb101/stop.hpp"

namespace nb101::bindings {
namespace {

namespace py = pybind11;

PyObject* out_of_domain = nullptr;
PyObject* format_error = nullptr;

PyObject* add_exception(py::module_& module, const char* name, const char* doc, PyObject* base) {
  const std::string full_name = std::string("nb101fast.") + name;  // pickle looks it up there
  PyObject* const type = PyErr_NewExceptionWithDoc(full_name.c_str(), doc, base, nullptr);
  if (!type) throw py::error_already_set();
  module.add_object(name, type);
  return type;
}

// Sets an error whose message may contain bytes from a file.
void set_error(PyObject* type, const std::exception& error) {
  const std::string_view what = error.what();
  const auto text = py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(what.data(), static_cast<Py_ssize_t>(what.size()), "backslashreplace"));
  if (text) PyErr_SetObject(type, visible(text).ptr());
}

// Raises OSError with errno and the file's name. Python picks the subclass when it makes the error,
// for example FileNotFoundError. Up to Python 3.10, an except clause compares the class that is
// given here, so the error must be made before.
void raise_os_error(const std::system_error& error) {
  const std::string what = error.what();  // has the form "NAME: MESSAGE"
  const std::string message = error.code().message();
  const std::string name = what.substr(0, what.size() - std::min(what.size(), message.size() + 2));
  const int number = error.code().default_error_condition().value();  // errno, on Windows too
  const py::object made = py::handle(PyExc_OSError)(number, message, name);
  PyErr_SetObject(py::type::handle_of(made).ptr(), made.ptr());
}

}  // namespace

PyObject* out_of_domain_error() noexcept { return out_of_domain; }

void register_errors(py::module_& module) {
  out_of_domain = add_exception(module, "OutOfDomainError", "A cell is outside the search space.",
                                PyExc_Exception);
  format_error = add_exception(module, "FormatError",
                               "A file is not a valid index or TFRecord. The message names the "
                               "file, the byte and what is wrong.",
                               PyExc_ValueError);
  module.attr("DOMAIN_RULE") = kDomainRule;
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(std::move(pointer));
    } catch (const OutOfDomainError& error) {
      set_error(out_of_domain, error);
    } catch (const FormatError& error) {
      set_error(format_error, error);
    } catch (const NotRegularError& error) {
      set_error(PyExc_OSError, error);
    } catch (const std::system_error& error) {
      raise_os_error(error);
    } catch (const Stopped&) {
      throw py::error_already_set();  // Python's exception is set already (see LongWork).
    }
  });
}

}  // namespace nb101::bindings
