#include "bindings/spec_matrix.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "nb101/bytes.hpp"
#include "nb101/prune.hpp"

namespace nb101::bindings {
namespace {

namespace py = pybind11;

template <class T>
void read_elements(const py::array& array, SpecMatrix& matrix) {
  const auto* const data = static_cast<const std::uint8_t*>(array.data());
  const py::ssize_t row_stride = array.strides(0);
  const py::ssize_t column_stride = array.strides(1);
  for (int v = 0; v < matrix.graph.num_vertices; ++v) {
    std::uint32_t nonzero = 0;
    for (int w = 0; w < matrix.graph.num_vertices; ++w) {
      const T value = load<T>(data + v * row_stride + w * column_stride);
      nonzero |= static_cast<std::uint32_t>(value != T{0}) << w;
      matrix.is_zero_one &= value == T{0} || value == T{1};
    }
    // The bits from v + 1 on are set. They are the columns right of the diagonal in row v.
    const auto above = static_cast<std::uint32_t>(~std::uint64_t{0} << (v + 1));
    matrix.graph.successors[v] = nonzero & above;
    matrix.is_upper_triangular &= (nonzero & ~above) == 0;
  }
}

}  // namespace

std::optional<SpecMatrix> read_matrix(PyObject* object) {
  // Python handles subclasses, because their elements may mean something else.
  if (Py_TYPE(object) != py::detail::npy_api::get().PyArray_Type_) return std::nullopt;
  const auto array = py::reinterpret_borrow<py::array>(object);
  if (array.ndim() != 2 || array.shape(0) != array.shape(1)) return std::nullopt;
  if (array.shape(0) < 1 || array.shape(0) > kMaxGraphVertices) return std::nullopt;
  const py::dtype dtype = array.dtype();
  if (dtype.byteorder() == '>') return std::nullopt;
  SpecMatrix matrix;
  matrix.graph.num_vertices = static_cast<int>(array.shape(0));
  const char kind = dtype.kind();
  const auto size = dtype.itemsize();
  if (kind == 'f' && size == 8) {
    read_elements<double>(array, matrix);
  } else if (kind == 'f' && size == 4) {
    read_elements<float>(array, matrix);
  } else if (kind != 'b' && kind != 'i' && kind != 'u') {
    return std::nullopt;
  } else if (size == 1) {
    read_elements<std::uint8_t>(array, matrix);
  } else if (size == 2) {
    read_elements<std::uint16_t>(array, matrix);
  } else if (size == 4) {
    read_elements<std::uint32_t>(array, matrix);
  } else {
    read_elements<std::uint64_t>(array, matrix);
  }
  return matrix;
}

py::array keep_vertices(const py::array& array, std::uint32_t vertices) {
  const py::ssize_t kept = std::popcount(vertices);
  const py::ssize_t size = array.itemsize();
  py::array result(array.dtype(), std::array{kept, kept});
  auto* to = static_cast<std::uint8_t*>(result.mutable_data());
  const auto* const from = static_cast<const std::uint8_t*>(array.data());
  // `bits & (bits - 1)` clears the lowest bit that is set, so each loop goes through the vertices.
  for (std::uint32_t rows = vertices; rows; rows &= rows - 1) {
    const std::uint8_t* const row = from + std::countr_zero(rows) * array.strides(0);
    for (std::uint32_t columns = vertices; columns; columns &= columns - 1, to += size) {
      std::memcpy(to, row + std::countr_zero(columns) * array.strides(1),
                  static_cast<std::size_t>(size));
    }
  }
  return result;
}

py::array copy_of(const py::array& array) {
  return {array.dtype(), std::array{array.shape(0), array.shape(1)},
          std::array{array.strides(0), array.strides(1)}, array.data()};
}

std::uint32_t live_vertices_of(const Graph& graph) noexcept {
  return graph.num_vertices < 2 ? 0 : live_vertices(graph.successors.data(), graph.num_vertices);
}

}  // namespace nb101::bindings
