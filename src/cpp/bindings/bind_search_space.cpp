#include <pybind11/native_enum.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/long_work.hpp"
#include "bindings/registers.hpp"
#include "nb101/cell.hpp"
#include "nb101/cell_traits.hpp"
#include "nb101/edit_distance.hpp"
#include "nb101/encoding.hpp"
#include "nb101/error.hpp"
#include "nb101/mutation.hpp"
#include "nb101/neighbors.hpp"
#include "nb101/parallel.hpp"
#include "nb101/sampling.hpp"
#include "nb101/sentence.hpp"
#include "nb101/valid_matrices.hpp"

namespace nb101::bindings {
namespace {

template <class Number>
using Rows = py::array_t<Number, py::array::c_style>;

// Moves a vector into an array, which then owns its memory.
template <class Number>
py::array_t<Number> array_of(std::vector<Number>&& values) {
  auto owned = std::make_unique<std::vector<Number>>(std::move(values));
  const py::capsule owner(owned.get(),
                          [](void* p) { delete static_cast<std::vector<Number>*>(p); });
  const std::vector<Number>& kept = *owned.release();
  return py::array_t<Number>(static_cast<py::ssize_t>(kept.size()), kept.data(), owner);
}

// Throws OutOfDomainError for the first code for which is_sound(code) is false.
template <class IsSound>
void require(std::span<const Code> codes, const char* fault, IsSound is_sound) {
  const auto found = std::ranges::find_if_not(codes, is_sound);
  if (found == codes.end()) return;
  throw OutOfDomainError(
      sentence("code ", *found, " at position ", found - codes.begin(), " ", fault));
}

py::array_t<Code> faultless_codes(const py::object& given) {
  py::array_t<Code> codes = as_codes(given);
  Code faults = 0;
  for (const Code code : span_of(codes)) faults |= code_faults(code);
  if (faults) {
    require(span_of(codes), kCodeFaults, [](Code code) { return code_faults(code) == 0; });
  }
  return codes;
}

// ---------------------------------------------------------------- at random

template <class Draw>
py::array_t<Code> drawn_codes(py::ssize_t count, Draw draw) {
  py::array_t<Code> codes(count);
  const std::span out(codes.mutable_data(), static_cast<std::size_t>(count));
  {
    const LongWork long_work;
    draw(out);
  }
  return codes;
}

py::array_t<Code> sample_codes(Sampling sampling, py::ssize_t count, std::uint64_t seed) {
  return drawn_codes(count, [=](std::span<Code> out) { sample(sampling, seed, out); });
}

py::array_t<Code> sample_codes_of(int num_vertices, py::ssize_t count, std::uint64_t seed) {
  return drawn_codes(count,
                     [=](std::span<Code> out) { sample_of_vertices(num_vertices, seed, out); });
}

py::array_t<Code> mutate_codes(Mutation mutation, const py::object& given, std::uint64_t seed,
                               double rate) {
  const py::array_t<Code> parents = faultless_codes(given);
  if (needs_valid_parent(mutation)) {
    const MatrixSet& valid = ValidMatrices::instance().official().set;
    require(span_of(parents), "is outside the search space; this mutation needs a valid cell",
            [&](Code code) { return valid.has(code); });
  }
  return drawn_codes(parents.size(), [&](std::span<Code> out) {
    Mutator(mutation, rate)(span_of(parents), seed, out.data());
  });
}

// ---------------------------------------------------------------- neighbours

py::tuple neighbor_arrays(const py::object& threads) {
  const int num_threads = as_threads(threads);
  NeighborTable table;
  {
    const LongWork long_work;
    table = neighbor_table(num_threads);
  }
  return py::make_tuple(array_of(std::move(table.starts)), array_of(std::move(table.ids)));
}

// ---------------------------------------------------------------- encodings

template <class Number, class Encode>
py::array encoded(const py::array_t<Code>& codes, Encoding encoding, const py::object& out,
                  Encode encode) {
  const auto columns = static_cast<py::ssize_t>(num_columns(encoding));
  py::array_t<Number> rows = output_for<Number>(codes, {codes.size(), columns}, out);
  Number* const to = rows.mutable_data();
  {
    const LongWork long_work;
    parallel_for(span_of(codes).size(), 1, [&](std::size_t begin, std::size_t end) {
      encode(span_of(codes).subspan(begin, end - begin), to + begin * num_columns(encoding));
    });
  }
  return rows;
}

void check_edges(std::span<const Code> codes, Encoding encoding) {
  const std::size_t unfit = first_unfit(encoding, codes);
  if (unfit == codes.size()) return;
  const auto [least, most] = edge_limits(encoding);
  throw py::value_error(sentence("code ", codes[unfit], " at position ", unfit, " has ",
                                 std::popcount(codes[unfit] & kMatrixMask), " edges; encoding ",
                                 kEncodingNames[static_cast<std::size_t>(encoding)], " holds ",
                                 least, " to ", most));
}

// Returns an array of shape (N, columns). It is float32 for the encoding C and uint8 for the
// others.
py::array encode_codes(Encoding encoding, const py::object& given, const py::object& out) {
  const py::array_t<Code> codes = faultless_codes(given);
  check_edges(span_of(codes), encoding);
  if (encoding == Encoding::c) return encoded<float>(codes, encoding, out, encode_c);
  return encoded<std::uint8_t>(
      codes, encoding, out,
      [=](std::span<const Code> from, std::uint8_t* to) { encode_bytes(encoding, from, to); });
}

// Returns the codes and the position of the first faulty row, which is N if there is none.
template <class Number, class Decode>
py::tuple decoded(const Rows<Number>& rows, Decode decode) {
  py::array_t<Code> codes(rows.shape(0));
  const std::span to(codes.mutable_data(), static_cast<std::size_t>(codes.size()));
  const Number* const from = rows.data();
  std::size_t sound;
  {
    const LongWork long_work;
    sound = decode(from, to);
  }
  return py::make_tuple(codes, sound);
}

py::tuple decode_byte_rows(Encoding encoding, const Rows<std::uint8_t>& rows) {
  return decoded(rows, [=](const std::uint8_t* from, std::span<Code> to) {
    return decode_bytes(encoding, from, to);
  });
}

py::tuple decode_rows_of_c(const Rows<double>& rows) { return decoded(rows, decode_c); }

// ---------------------------------------------------------------- traits and distances

// Calls work(begin, codes, numbers) for parts of the codes. `begin` is where the part begins.
template <class Number, class Work>
py::array_t<Number> by_code(const py::array_t<Code>& codes, Work work) {
  py::array_t<Number> numbers(codes.size());
  Number* const to = numbers.mutable_data();
  {
    const LongWork long_work;
    parallel_for(span_of(codes).size(), 1, [&](std::size_t begin, std::size_t end) {
      work(begin, span_of(codes).subspan(begin, end - begin), to + begin);
    });
  }
  return numbers;
}

py::array_t<std::int32_t> trait_array(Trait trait, const py::object& given) {
  return by_code<std::int32_t>(as_codes(given),
                               [=](std::size_t, std::span<const Code> codes, std::int32_t* to) {
                                 traits_of(trait, codes, to);
                               });
}

py::array_t<std::int64_t> mac_array(const py::object& given) {
  return by_code<std::int64_t>(as_codes(given), [](std::size_t, std::span<const Code> codes,
                                                   std::int64_t* to) { macs_of(codes, to); });
}

// Compares the pruned cells if `by_cell`, else the codes without pruning. Both arrays must have the
// same shape.
py::array_t<std::int32_t> distance_array(bool by_cell, const py::object& given,
                                         const py::object& given_others) {
  const py::array_t<Code> codes = by_cell ? as_codes(given) : faultless_codes(given);
  const py::array_t<Code> others = by_cell ? as_codes(given_others) : faultless_codes(given_others);
  const auto write = [&](std::size_t begin, std::span<const Code> from, std::int32_t* to) {
    const std::span<const Code> opposite = span_of(others).subspan(begin, from.size());
    by_cell ? cell_distances(from, opposite, to) : raw_distances(from, opposite, to);
  };
  return by_code<std::int32_t>(codes, write);
}

}  // namespace

void register_search_space(py::module_& module) {
  py::native_enum<Sampling>(module, "Sampling", "enum.Enum")
      .value("cells", Sampling::cells)
      .value("raw", Sampling::raw)
      .value("raw_9", Sampling::raw_9)
      .value("all", Sampling::all)
      .finalize();
  py::native_enum<Mutation>(module, "Mutation", "enum.Enum")
      .value("parameter", Mutation::parameter)
      .value("notebook", Mutation::notebook)
      .value("naszilla", Mutation::naszilla)
      .value("naslib", Mutation::naslib)
      .value("pruned", Mutation::pruned)
      .finalize();
  py::native_enum<Encoding>(module, "Encoding", "enum.Enum")
      .value("A", Encoding::a)
      .value("B", Encoding::b)
      .value("C", Encoding::c)
      .value("one_hot", Encoding::one_hot)
      .value("path", Encoding::path)
      .finalize();
  py::native_enum<Trait>(module, "Trait", "enum.Enum")
      .value("num_vertices", Trait::num_vertices)
      .value("num_edges", Trait::num_edges)
      .value("depth", Trait::depth)
      .value("width", Trait::width)
      .value("parameters", Trait::parameters)
      .finalize();

  module.def("sample_codes", &sample_codes, py::arg("how"), py::arg("count"), py::arg("seed"));
  module.def("sample_codes_of", &sample_codes_of, py::arg("num_vertices"), py::arg("count"),
             py::arg("seed"));
  module.def("mutate_codes", &mutate_codes, py::arg("how"), py::arg("codes"), py::arg("seed"),
             py::arg("rate") = 1.0);

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
