#include "bindings/arrays.hpp"

#include <string>

namespace nb101::bindings {
namespace {

std::string text_of(py::handle value) { return py::str(value).cast<std::string>(); }

std::string repr_of(py::handle value) { return py::repr(value).cast<std::string>(); }

bool overlaps(const py::array& a, const py::array& b) {
  const auto* const a_begin = static_cast<const std::uint8_t*>(a.data());
  const auto* const b_begin = static_cast<const std::uint8_t*>(b.data());
  return a_begin < b_begin + b.nbytes() && b_begin < a_begin + a.nbytes();
}

void check_code_range(const py::array& codes) {
  if (codes.size() == 0) return;
  for (const char* const extreme : {"min", "max"}) {
    const py::object value = codes.attr(extreme)();
    if (value < py::int_(0) || value > py::int_(0xffffffffu)) {
      throw py::value_error("code " + text_of(value) + " at position " +
                            text_of(codes.attr(("arg" + std::string(extreme)).c_str())()) +
                            " does not fit 32 bits without sign");
    }
  }
}

}  // namespace

py::array view_digests(std::span<const Digest> digests, py::handle owner) {
  constexpr py::ssize_t kBytes = sizeof(Digest);
  py::array array(py::dtype::of<std::uint8_t>(),
                  std::vector<py::ssize_t>{static_cast<py::ssize_t>(digests.size()), kBytes},
                  std::vector<py::ssize_t>{kBytes, 1}, digests.data(),
                  owner ? owner : py::handle(py::none()));
  array.attr("setflags")(py::arg("write") = false);
  return array;
}

py::array_t<Code> as_codes(py::handle codes) {
  if (!py::isinstance<py::array>(codes)) {
    throw py::type_error("codes must be an int or a NumPy array of integers, not " +
                         repr_of(py::type::of(codes)));
  }
  const auto array = py::reinterpret_borrow<py::array>(codes);
  const char kind = array.dtype().kind();
  if (kind != 'u' && kind != 'i') {
    throw py::type_error("codes have dtype " + text_of(array.dtype()) + "; uint32 is wanted");
  }
  if (array.ndim() != 1) {
    throw py::value_error("codes have shape " + text_of(array.attr("shape")) + "; (N,) is wanted");
  }
  if (!py::isinstance<py::array_t<Code>>(array)) check_code_range(array);
  return py::array_t<Code, py::array::c_style | py::array::forcecast>(array);
}

template <class T>
py::array_t<T> output_for(const py::array_t<Code>& codes, const py::object& out) {
  if (out.is_none()) return py::array_t<T>(codes.size());
  if (!py::isinstance<py::array_t<T>>(out)) {
    const std::string given = py::isinstance<py::array>(out) ? "dtype " + text_of(out.attr("dtype"))
                                                             : repr_of(py::type::of(out));
    throw py::type_error("out is of " + given + "; an array of " + text_of(py::dtype::of<T>()) +
                         " is wanted");
  }
  const auto array = py::reinterpret_borrow<py::array>(out);
  if (array.ndim() != 1 || array.size() != codes.size()) {
    throw py::value_error("out has shape " + text_of(array.attr("shape")) + "; (" +
                          std::to_string(codes.size()) + ",) is wanted");
  }
  if (!array.writeable() || !(array.flags() & py::array::c_style)) {
    throw py::value_error("out is not a writable, contiguous array");
  }
  if (overlaps(array, codes)) throw py::value_error("out shares memory with the codes");
  return py::reinterpret_borrow<py::array_t<T>>(out);
}

template py::array_t<std::int32_t> output_for(const py::array_t<Code>&, const py::object&);
template py::array_t<float> output_for(const py::array_t<Code>&, const py::object&);

void check_threads(int threads) {
  if (threads < 1) {
    throw py::value_error("threads=" + std::to_string(threads) + "; 1 or more are allowed");
  }
}

}  // namespace nb101::bindings
