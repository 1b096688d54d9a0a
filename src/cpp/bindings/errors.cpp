#include <pybind11/pybind11.h>

#include <system_error>

#include "bindings/registers.hpp"
#include "nb101/error.hpp"

namespace nb101::bindings {
namespace {

namespace py = pybind11;

PyObject* out_of_domain = nullptr;
PyObject* format_error = nullptr;

PyObject* add_exception(py::module_& module, const char* name, const char* doc, PyObject* base) {
  const std::string full_name = std::string("nb101fast.") + name;  // so that it pickles
  PyObject* const type = PyErr_NewExceptionWithDoc(full_name.c_str(), doc, base, nullptr);
  if (!type) throw py::error_already_set();
  module.add_object(name, type);
  return type;
}

// OSError with errno and the file's name, so that Python picks FileNotFoundError and the like.
void raise_os_error(const std::system_error& error) {
  const std::string what = error.what();  // "NAME: MESSAGE"
  const std::string message = error.code().message();
  const std::string name = what.substr(0, what.size() - std::min(what.size(), message.size() + 2));
  const py::tuple arguments = py::make_tuple(error.code().value(), message, name);
  PyErr_SetObject(PyExc_OSError, arguments.ptr());
}

}  // namespace

PyObject* out_of_domain_error() noexcept { return out_of_domain; }

void register_errors(py::module_& module) {
  out_of_domain = add_exception(module, "OutOfDomainError", "A cell outside the search space.",
                                PyExc_Exception);
  format_error = add_exception(module, "FormatError",
                               "A file that is not a sound index or TFRecord: what, where, "
                               "at which byte.",
                               PyExc_ValueError);
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const OutOfDomainError& error) {
      PyErr_SetString(out_of_domain, error.what());
    } catch (const FormatError& error) {
      PyErr_SetString(format_error, error.what());
    } catch (const std::system_error& error) {
      raise_os_error(error);
    }
  });
}

}  // namespace nb101::bindings
