#include "bindings/arrays.hpp"

#include <pybind11/gil_safe_call_once.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "nb101/search_space.hpp"
#include "nb101/sentence.hpp"

namespace nb101::bindings {
namespace {

std::string str_of(py::handle value) { return py::str(value).cast<std::string>(); }

std::string repr_of(py::handle value) { return py::repr(value).cast<std::string>(); }

bool is_numpy_scalar(py::handle value) {
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::object> generic;
  generic.call_once_and_store_result([] { return py::module_::import("numpy").attr("generic"); });
  return py::isinstance(value, generic.get_stored());
}

// Returns whether a value is an array and of no subclass.
bool is_plain_array(py::handle value) {
  return value.ptr() != nullptr && Py_TYPE(value.ptr()) == py::detail::npy_api::get().PyArray_Type_;
}

// Returns the dtype of an array or a NumPy scalar, and nothing for other values.
std::optional<py::dtype> dtype_of(py::handle value) {
  if (!py::isinstance<py::array>(value) && !is_numpy_scalar(value)) return std::nullopt;
  return value.attr("dtype").cast<py::dtype>();
}

bool is_integer(py::handle value) {
  return PyLong_Check(value.ptr()) && !PyBool_Check(value.ptr());
}

std::string type_name(py::handle value) {
  return py::type::of(value).attr("__name__").cast<std::string>();
}

// ---------------------------------------------------------------- the two kinds of numbers

// The words that messages use for codes or for ids.
struct Kind {
  char dtype_kind;  // NumPy's letter for the type, which has 4 bytes
  const char* single;
  const char* plural;
  const char* allowed;        // what is allowed for a single value
  const char* batch_allowed;  // what is allowed for a batch
};

constexpr Kind kCodes = {'u', "a code", "codes", "a Python int, a uint32 NumPy scalar or a Cell",
                         "one code, a uint32 array or a list of codes"};
constexpr Kind kIds = {'i', "an id", "ids", "a Python int or an int32 NumPy scalar",
                       "one id, an int32 array or a list of ids"};

bool has_dtype(const py::dtype& dtype, const Kind& kind) {
  return dtype.kind() == kind.dtype_kind && dtype.itemsize() == 4;
}

[[noreturn]] void refuse_dtype(const py::dtype& dtype, const Kind& kind) {
  const std::string given = str_of(dtype);
  const bool is_number = dtype.kind() == 'i' || dtype.kind() == 'u';
  if (&kind == &kCodes && is_number) {
    throw py::type_error(
        sentence("codes have dtype ", given,
                 ", but a code is uint32. If these are cell ids, pass them as ids= or "
                 "convert them with cell_codes()[ids]; if they are codes of another type, "
                 "convert them with .astype(np.uint32)."));
  }
  if (&kind == &kIds && is_number) {
    throw py::type_error(
        sentence("ids have dtype ", given,
                 ", but a cell id is int32. If these are codes, pass them as codes= or "
                 "convert them with cell_ids(codes); if they are ids of another type, "
                 "convert them with .astype(np.int32)."));
  }
  throw py::type_error(sentence(kind.plural, " have dtype ", given, "; use ", kind.batch_allowed));
}

[[noreturn]] void refuse_type(py::handle value, const Kind& kind) {
  throw py::type_error(
      sentence(kind.single, " can't be a ", type_name(value), "; use ", kind.allowed));
}

// Returns the value of a Python int, a NumPy scalar or a 0-d array as an int. Returns None for
// other types.
py::object integer_of(py::handle value, const Kind& kind) {
  if (is_integer(value)) return py::reinterpret_borrow<py::object>(value);
  const auto dtype = dtype_of(value);
  if (!dtype || is_batch(value)) return py::none();
  check_mask(value, kind.plural);
  if (!has_dtype(*dtype, kind)) refuse_dtype(*dtype, kind);
  auto integer = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!integer) throw py::error_already_set();
  return integer;
}

std::string at(py::ssize_t position) {
  return position < 0 ? "" : sentence(" at position ", position);
}

constexpr py::ssize_t kAlone = -1;  // the position of a value that is not part of a batch

Code code_at(py::handle value, py::ssize_t position) {
  const py::object integer = code_integer(value);
  int overflow = 0;
  const long long number = PyLong_AsLongLongAndOverflow(integer.ptr(), &overflow);
  if (overflow || !std::in_range<Code>(number)) {
    throw py::value_error(
        sentence("code ", str_of(integer), at(position), " does not fit 32 bits without sign"));
  }
  return static_cast<Code>(number);
}

[[noreturn]] void refuse_id(const std::string& id, py::ssize_t position, std::int32_t least) {
  throw py::index_error(
      sentence("cell id ", id, at(position), " does not exist; use ", least, " to ", kNumCells - 1,
               least == 0 && id == "-1" ? ": -1 means that there is no cell" : ""));
}

std::int32_t id_at(py::handle value, py::ssize_t position, std::int32_t least) {
  const py::object integer = integer_of(value, kIds);
  if (integer.is_none()) refuse_type(value, kIds);
  int overflow = 0;
  const long long number = PyLong_AsLongLongAndOverflow(integer.ptr(), &overflow);
  if (overflow || number < least || number >= kNumCells) {
    refuse_id(str_of(integer), position, least);
  }
  return static_cast<std::int32_t>(number);
}

void check_ids(std::span<const std::int32_t> ids, std::int32_t least) {
  // An id lies in least..last if neither id - least nor last - id is negative. So the OR of all
  // these differences has a clear sign bit if all ids do. Compilers use vector instructions for
  // this loop.
  constexpr std::uint32_t kSignBit = 1u << 31;
  const auto first = static_cast<std::uint32_t>(least);
  const auto last = static_cast<std::uint32_t>(kNumCells - 1);
  std::uint32_t differences = 0;
  for (const std::int32_t id : ids) {
    const auto number = static_cast<std::uint32_t>(id);
    differences |= (number - first) | (last - number);
  }
  if (!(differences & kSignBit)) return;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::int32_t id = ids[i];  // read once: another thread may change it
    if (id < least || id >= kNumCells) {
      refuse_id(std::to_string(id), static_cast<py::ssize_t>(i), least);
    }
  }
}

// Returns a 1-D array of 4-byte numbers. A list or tuple is converted by member(value, position).
template <class Number, class Member>
py::array_t<Number> batch_of(py::handle values, const Kind& kind, Member member) {
  if (py::isinstance<py::array>(values)) {
    const auto array = py::reinterpret_borrow<py::array>(values);
    if (!has_dtype(array.dtype(), kind)) refuse_dtype(array.dtype(), kind);
    if (array.ndim() != 1) {
      throw py::value_error(
          sentence(kind.plural, " have shape ", str_of(array.attr("shape")), "; use (N,)"));
    }
    check_mask(array, kind.plural);
    return py::array_t<Number, py::array::c_style | py::array::forcecast>(array);
  }
  if (!is_batch(values)) {
    throw py::type_error(
        sentence(kind.plural, " can't be a ", type_name(values), "; use ", kind.batch_allowed));
  }
  // A copy, because another thread may change the list.
  const auto members = py::reinterpret_steal<py::tuple>(PySequence_Tuple(values.ptr()));
  if (!members) throw py::error_already_set();
  py::array_t<Number> numbers(static_cast<py::ssize_t>(members.size()));
  Number* const to = numbers.mutable_data();
  py::ssize_t position = 0;
  for (const py::handle& value : members) {
    to[position] = member(value, position);
    ++position;
  }
  return numbers;
}

bool overlaps(const py::array& a, const py::array& b) {
  const auto* const a_begin = static_cast<const std::uint8_t*>(a.data());
  const auto* const b_begin = static_cast<const std::uint8_t*>(b.data());
  return a_begin < b_begin + b.nbytes() && b_begin < a_begin + a.nbytes();
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

std::span<const Digest> digests_of(const ByteArray& hashes) {
  if (hashes.ndim() != 2 || hashes.shape(1) != static_cast<py::ssize_t>(sizeof(Digest))) {
    throw py::value_error("hashes must have shape (N, 16)");
  }
  return {reinterpret_cast<const Digest*>(hashes.data()),
          static_cast<std::size_t>(hashes.shape(0))};
}

bool is_batch(py::handle value) {
  if (py::isinstance<py::array>(value)) return py::reinterpret_borrow<py::array>(value).ndim() > 0;
  return PyList_Check(value.ptr()) || PyTuple_Check(value.ptr());
}

py::object code_integer(py::handle code) {
  py::object integer = integer_of(code, kCodes);
  if (!integer.is_none()) return integer;
  py::object of_cell = py::getattr(code, "code", py::none());
  if (!is_integer(of_cell)) refuse_type(code, kCodes);
  return of_cell;
}

Code as_code(py::handle code) { return code_at(code, kAlone); }

py::array_t<Code> as_codes(py::handle codes) { return batch_of<Code>(codes, kCodes, code_at); }

std::int32_t as_id(py::handle id, std::int32_t least) { return id_at(id, kAlone, least); }

py::array_t<std::int32_t> as_ids(py::handle ids, std::int32_t least) {
  auto numbers = batch_of<std::int32_t>(ids, kIds, [=](py::handle value, py::ssize_t position) {
    return id_at(value, position, least);
  });
  check_ids(span_of(numbers), least);
  return numbers;
}

template <class T>
py::array_t<T> output_for(const py::array& input, const std::vector<py::ssize_t>& shape,
                          const py::object& out) {
  if (out.is_none()) return py::array_t<T>(shape);
  const auto wanted = [&] {
    return sentence(str_of(py::dtype::of<T>()), " of shape ", str_of(py::tuple(py::cast(shape))));
  };
  if (!py::isinstance<py::array_t<T>>(out)) {
    const std::string given = py::isinstance<py::array>(out)
                                  ? sentence("has dtype ", str_of(out.attr("dtype")))
                                  : sentence("is of ", repr_of(py::type::of(out)));
    throw py::type_error(sentence("out ", given, "; use an array of ", wanted()));
  }
  const auto array = py::reinterpret_borrow<py::array>(out);
  if (!std::ranges::equal(std::span(array.shape(), static_cast<std::size_t>(array.ndim())),
                          shape)) {
    throw py::value_error(
        sentence("out has shape ", str_of(array.attr("shape")), "; use an array of ", wanted()));
  }
  if (!array.writeable() || !(array.flags() & py::array::c_style)) {
    throw py::value_error("out is not a writable, contiguous array; use one that is");
  }
  check_mask(array, "the elements of out");
  if (overlaps(array, input)) {
    throw py::value_error("out shares memory with the codes or ids; use another array");
  }
  return py::reinterpret_borrow<py::array_t<T>>(out);
}

using Shape = std::vector<py::ssize_t>;
template py::array_t<std::int32_t> output_for(const py::array&, const Shape&, const py::object&);
template py::array_t<std::uint8_t> output_for(const py::array&, const Shape&, const py::object&);
template py::array_t<float> output_for(const py::array&, const Shape&, const py::object&);

void check_mask(py::handle values, const char* what) {
  if (is_plain_array(values) || !py::isinstance<py::array>(values)) return;
  const py::object mask = py::getattr(values, "mask", py::none());
  if (mask.is_none() || !mask.attr("any")().cast<bool>()) return;
  throw py::value_error(
      sentence(what, " are a masked array that hides ", str_of(mask.attr("sum")()),
               " of its elements; leave these out with .compressed(), or replace them "
               "with .filled(value)"));
}

int as_threads(py::handle threads) {
  const bool is_int = PyIndex_Check(threads.ptr()) && !PyBool_Check(threads.ptr());
  if (!is_int)
    throw py::type_error(sentence("threads=", repr_of(threads), " is not an int; use an int"));
  const auto integer = py::reinterpret_steal<py::object>(PyNumber_Index(threads.ptr()));
  if (!integer) throw py::error_already_set();
  int overflow = 0;
  const long long count = PyLong_AsLongLongAndOverflow(integer.ptr(), &overflow);
  if (overflow || count < 1 || count > kMaxThreads) {
    throw py::value_error(
        sentence("threads=", str_of(integer), " is not allowed; use 1 to ", kMaxThreads));
  }
  return static_cast<int>(count);
}

}  // namespace nb101::bindings
