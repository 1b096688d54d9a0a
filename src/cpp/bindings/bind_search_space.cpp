#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/registers.hpp"
#include "nb101/cell_traits.hpp"
#include "nb101/edit_distance.hpp"
#include "nb101/encoding.hpp"
#include "nb101/error.hpp"
#include "nb101/mutation.hpp"
#include "nb101/neighbors.hpp"
#include "nb101/sampling.hpp"
#include "nb101/valid_matrices.hpp"

namespace nb101::bindings {
namespace {

template <class Number>
using Rows = py::array_t<Number, py::array::c_style>;

// An array that owns what was a vector.
template <class Number>
py::array_t<Number> array_of(std::vector<Number>&& values) {
  auto owned = std::make_unique<std::vector<Number>>(std::move(values));
  const py::capsule owner(owned.get(),
                          [](void* p) { delete static_cast<std::vector<Number>*>(p); });
  const std::vector<Number>& kept = *owned.release();
  return py::array_t<Number>(static_cast<py::ssize_t>(kept.size()), kept.data(), owner);
}

constexpr const char* kFaulty = "has bit 31 set or a label 3: no cell has";

// Throws OutOfDomainError for the first code that is not `sound`.
template <class IsSound>
void require(std::span<const Code> codes, const char* fault, IsSound is_sound) {
  const auto found = std::ranges::find_if_not(codes, is_sound);
  if (found == codes.end()) return;
  throw OutOfDomainError("code " + std::to_string(*found) + " at position " +
                         std::to_string(found - codes.begin()) + " " + fault);
}

py::array_t<Code> faultless_codes(const py::object& given) {
  py::array_t<Code> codes = as_codes(given);
  Code faults = 0;
  for (const Code code : span_of(codes)) faults |= code_faults(code);
  if (faults) {
    require(span_of(codes), kFaulty, [](Code code) { return code_faults(code) == 0; });
  }
  return codes;
}

// ---------------------------------------------------------------- at random

template <class Draw>
py::array_t<Code> drawn_codes(py::ssize_t count, Draw draw) {
  py::array_t<Code> codes(count);
  const std::span out(codes.mutable_data(), static_cast<std::size_t>(count));
  {
    const py::gil_scoped_release release;
    draw(out);
  }
  return codes;
}

py::array_t<Code> sample_codes(int how, py::ssize_t count, std::uint64_t seed) {
  return drawn_codes(count,
                     [=](std::span<Code> out) { sample(static_cast<Sampling>(how), seed, out); });
}

py::array_t<Code> sample_codes_of(int num_vertices, py::ssize_t count, std::uint64_t seed) {
  return drawn_codes(count,
                     [=](std::span<Code> out) { sample_of_vertices(num_vertices, seed, out); });
}

py::array_t<Code> mutate_codes(int how, const py::object& given, std::uint64_t seed) {
  const auto mutation = static_cast<Mutation>(how);
  const py::array_t<Code> parents = faultless_codes(given);
  if (needs_valid_parent(mutation)) {
    const ValidMatrices& valid = ValidMatrices::instance();
    require(span_of(parents), "is outside the search space: only cells mutate so",
            [&](Code code) { return valid.has(code); });
  }
  return drawn_codes(parents.size(), [&](std::span<Code> out) {
    mutate(mutation, span_of(parents), seed, out.data());
  });
}

// ---------------------------------------------------------------- neighbours

py::array_t<std::int32_t> neighbors_of_code(Code code) {
  require({&code, 1}, kFaulty, [](Code c) { return code_faults(c) == 0; });
  const Neighbors neighbors(code);
  const std::span<const std::int32_t> ids = neighbors.ids();
  return py::array_t<std::int32_t>(static_cast<py::ssize_t>(ids.size()), ids.data());
}

py::tuple neighbor_arrays(int threads) {
  check_threads(threads);
  NeighborTable table;
  {
    const py::gil_scoped_release release;
    table = neighbor_table(threads);
  }
  return py::make_tuple(array_of(std::move(table.starts)), array_of(std::move(table.ids)));
}

// ---------------------------------------------------------------- encodings

// The array to write rows into: `out` after a check of it, or a new one.
template <class Number>
Rows<Number> rows_for(const py::array_t<Code>& codes, py::ssize_t columns, const py::object& out) {
  if (out.is_none()) return Rows<Number>({codes.size(), columns});
  const std::string wanted = py::str(py::dtype::of<Number>()).cast<std::string>() + " (" +
                             std::to_string(codes.size()) + ", " + std::to_string(columns) + ")";
  if (!py::isinstance<py::array_t<Number>>(out)) {
    throw py::type_error("out is no array of the encoding's dtype; " + wanted + " is wanted");
  }
  const auto rows = py::reinterpret_borrow<py::array>(out);
  if (rows.ndim() != 2 || rows.shape(0) != codes.size() || rows.shape(1) != columns) {
    throw py::value_error("out has shape " + py::str(rows.attr("shape")).cast<std::string>() +
                          "; " + wanted + " is wanted");
  }
  if (!rows.writeable() || !(rows.flags() & py::array::c_style)) {
    throw py::value_error("out is not a writable, contiguous array");
  }
  if (py::module_::import("numpy").attr("may_share_memory")(rows, codes).cast<bool>()) {
    throw py::value_error("out shares memory with the codes");
  }
  return py::reinterpret_borrow<Rows<Number>>(out);
}

template <class Number, class Encode>
py::array encoded(const py::array_t<Code>& codes, Encoding encoding, const py::object& out,
                  Encode encode) {
  const auto columns = static_cast<py::ssize_t>(num_columns(encoding));
  Rows<Number> rows = rows_for<Number>(codes, columns, out);
  Number* const to = rows.mutable_data();
  {
    const py::gil_scoped_release release;
    encode(span_of(codes), to);
  }
  return std::move(rows);
}

void check_edges(std::span<const Code> codes, Encoding encoding) {
  const std::size_t unfit = first_unfit(encoding, codes);
  if (unfit == codes.size()) return;
  const auto [least, most] = edge_limits(encoding);
  throw py::value_error(
      "code " + std::to_string(codes[unfit]) + " at position " + std::to_string(unfit) + " has " +
      std::to_string(std::popcount(codes[unfit] & kMatrixMask)) + " edges; encoding " +
      std::string(kEncodingNames[static_cast<std::size_t>(encoding)]) + " holds " +
      std::to_string(least) + " to " + std::to_string(most));
}

// (N, columns): float32 of C, uint8 of the others.
py::array encode_codes(int name, const py::object& given, const py::object& out) {
  const auto encoding = static_cast<Encoding>(name);
  const py::array_t<Code> codes = faultless_codes(given);
  check_edges(span_of(codes), encoding);
  if (encoding == Encoding::c) return encoded<float>(codes, encoding, out, encode_c);
  return encoded<std::uint8_t>(
      codes, encoding, out,
      [=](std::span<const Code> from, std::uint8_t* to) { encode_bytes(encoding, from, to); });
}

// (codes, position of the first faulty row or N).
template <class Number, class Decode>
py::tuple decoded(const Rows<Number>& rows, Decode decode) {
  py::array_t<Code> codes(rows.shape(0));
  const std::span to(codes.mutable_data(), static_cast<std::size_t>(codes.size()));
  const Number* const from = rows.data();
  std::size_t sound;
  {
    const py::gil_scoped_release release;
    sound = decode(from, to);
  }
  return py::make_tuple(codes, sound);
}

py::tuple decode_byte_rows(int name, const Rows<std::uint8_t>& rows) {
  return decoded(rows, [=](const std::uint8_t* from, std::span<Code> to) {
    return decode_bytes(static_cast<Encoding>(name), from, to);
  });
}

py::tuple decode_rows_of_c(const Rows<double>& rows) { return decoded(rows, decode_c); }

// ---------------------------------------------------------------- what cells are like

template <class Number, class Work>
py::array_t<Number> by_code(const py::array_t<Code>& codes, Work work) {
  py::array_t<Number> numbers(codes.size());
  Number* const to = numbers.mutable_data();
  {
    const py::gil_scoped_release release;
    work(span_of(codes), to);
  }
  return numbers;
}

py::array_t<std::int32_t> trait_array(int trait, const py::object& given) {
  return by_code<std::int32_t>(as_codes(given), [=](std::span<const Code> codes, std::int32_t* to) {
    traits_of(static_cast<Trait>(trait), codes, to);
  });
}

py::array_t<std::int64_t> mac_array(const py::object& given) {
  return by_code<std::int64_t>(as_codes(given), macs_of);
}

// Codes and others of one shape; `by_cell`: between the cells, else between the raw codes.
py::array_t<std::int32_t> distance_array(bool by_cell, const py::object& given,
                                         const py::object& given_others) {
  const py::array_t<Code> codes = by_cell ? as_codes(given) : faultless_codes(given);
  const py::array_t<Code> others = by_cell ? as_codes(given_others) : faultless_codes(given_others);
  return by_code<std::int32_t>(codes, [&](std::span<const Code> from, std::int32_t* to) {
    by_cell ? cell_distances(from, span_of(others), to) : raw_distances(from, span_of(others), to);
  });
}

}  // namespace

void register_search_space(py::module_& module) {
  module.attr("SAMPLINGS") = py::cast(kSamplingNames);
  module.attr("MUTATIONS") = py::cast(kMutationNames);
  module.attr("ENCODINGS") = py::cast(kEncodingNames);
  module.attr("TRAITS") = py::cast(kTraitNames);

  module.def("sample_codes", &sample_codes, py::arg("how"), py::arg("count"), py::arg("seed"));
  module.def("sample_codes_of", &sample_codes_of, py::arg("num_vertices"), py::arg("count"),
             py::arg("seed"));
  module.def("mutate_codes", &mutate_codes, py::arg("how"), py::arg("codes"), py::arg("seed"));

  module.def("neighbors", &neighbors_of_code, py::arg("code"));
  module.def("neighbor_table", &neighbor_arrays, py::arg("threads") = 1);

  module.def("encode_codes", &encode_codes, py::arg("encoding"), py::arg("codes"),
             py::arg("out") = py::none());
  module.def("decode_byte_rows", &decode_byte_rows, py::arg("encoding"),
             py::arg("rows").noconvert());
  module.def("decode_rows_of_c", &decode_rows_of_c, py::arg("rows").noconvert());

  module.def("traits", &trait_array, py::arg("trait"), py::arg("codes"));
  module.def("macs", &mac_array, py::arg("codes"));
  module.def("distances", &distance_array, py::arg("by_cell"), py::arg("codes"), py::arg("others"));
}

}  // namespace nb101::bindings
