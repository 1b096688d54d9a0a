#include <pybind11/native_enum.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <span>
#include <string>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/long_work.hpp"
#include "bindings/registers.hpp"
#include "nb101/canonical.hpp"
#include "nb101/channels.hpp"
#include "nb101/error.hpp"
#include "nb101/graph_hash.hpp"
#include "nb101/matrix_codec.hpp"
#include "nb101/op.hpp"
#include "nb101/parallel.hpp"
#include "nb101/prune.hpp"
#include "nb101/search_space.hpp"
#include "nb101/sentence.hpp"
#include "nb101/simd.hpp"
#include "nb101/space_hash.hpp"

namespace nb101::bindings {
namespace {

using LabelArray = py::array_t<std::int64_t, py::array::c_style>;

// Returns the graph of a strictly upper triangular matrix of 0 and 1 with 2..32 vertices. `labels`
// has a label for each vertex.
Graph graph_from(const ByteArray& matrix, const LabelArray& labels) {
  const py::ssize_t size = matrix.ndim() == 2 ? matrix.shape(0) : 0;
  if (size < 2 || size > kMaxGraphVertices || matrix.shape(1) != size || labels.size() != size) {
    throw py::value_error("the matrix is not square with 2 to 32 rows and a label for each");
  }
  Graph graph;
  graph.num_vertices = static_cast<int>(size);
  for (int v = 0; v < graph.num_vertices; ++v) {
    graph.labels[v] = labels.at(v);
    for (int w = v + 1; w < graph.num_vertices; ++w) {
      if (matrix.at(v, w)) graph.successors[v] |= 1u << w;
    }
  }
  return graph;
}

Graph pruned(const Graph& graph) {
  const auto kept = prune(graph);
  if (!kept) throw OutOfDomainError("nothing joins input and output: the cell is disconnected");
  return *kept;
}

// Takes (N, 7, 7) matrices and (N, 5) or (N, 7) labels. Returns the codes and the position of the
// first faulty cell, which is N if there is none.
py::tuple encode_arrays(const ByteArray& matrices, const ByteArray& labels) {
  const auto count = static_cast<std::size_t>(matrices.shape(0));
  const auto stride = static_cast<std::size_t>(labels.shape(1));
  const std::size_t skipped = stride == kMaxVertices ? 1 : 0;  // skips the label of the input
  py::array_t<Code> codes(static_cast<py::ssize_t>(count));
  const std::uint8_t* const from = matrices.data();
  const std::uint8_t* const label_from = labels.data() + skipped;
  Code* const to = codes.mutable_data();
  std::size_t done;
  {
    const LongWork long_work;
    done = encode_matrices(from, label_from, stride, count, to);
  }
  return py::make_tuple(codes, done);
}

py::array cell_ids_array(const py::object& given, const py::object& out,
                         const py::object& threads) {
  const py::array_t<Code> codes = as_codes(given);
  py::array_t<std::int32_t> ids = output_for<std::int32_t>(codes, {codes.size()}, out);
  const std::span<const Code> from = span_of(codes);
  std::int32_t* const to = ids.mutable_data();
  const int num_threads = as_threads(threads);
  {
    const LongWork long_work;
    SearchSpace::instance().ids(from, to, num_threads);
  }
  return ids;
}

py::array_t<std::int32_t> ids_of_digests(const ByteArray& hashes, const py::object& threads) {
  const std::span<const Digest> keys = digests_of(hashes);
  py::array_t<std::int32_t> ids(hashes.shape(0));
  std::int32_t* const to = ids.mutable_data();
  const int num_threads = as_threads(threads);
  {
    const LongWork long_work;
    ids_of_hashes(keys, to, num_threads);
  }
  return ids;
}

py::array_t<bool> valid_array(const py::object& given, int max_raw_edges) {
  const py::array_t<Code> codes = as_codes(given);
  py::array_t<bool> valid(codes.size());
  SearchSpace::instance().valid(span_of(codes), max_raw_edges, valid.mutable_data());
  return valid;
}

// Returns three read-only tables: the placement of each matrix, then the first id of each placement
// with the start of its row of ranks, then the ranks.
py::tuple look_up_tables() {
  const SearchSpace& space = SearchSpace::instance();
  const std::span<const SearchSpace::Placement> placements = space.placements();
  const std::span fields(reinterpret_cast<const std::int32_t*>(placements.data()),
                         2 * placements.size());
  return py::make_tuple(view(space.placement_of_matrix(), {}),
                        view(fields, {}).attr("reshape")(-1, 2), view(space.ranks(), {}));
}

// Returns the hashes of cells, one by one: (N, 16).
ByteArray hashes_of_codes(const py::array_t<Code, py::array::c_style>& codes) {
  const std::span cells(codes.data(), static_cast<std::size_t>(codes.size()));
  ByteArray hashes({codes.size(), static_cast<py::ssize_t>(sizeof(Digest))});
  const std::span<Digest> digests(reinterpret_cast<Digest*>(hashes.mutable_data()), cells.size());
  const LongWork long_work;
  parallel_for(cells.size(), 1, [&](std::size_t begin, std::size_t end) {
    hash_codes(cells.subspan(begin, end - begin), digests.subspan(begin, end - begin));
  });
  return hashes;
}

std::string hash_text(const ByteArray& matrix, const LabelArray& labels) {
  return to_hex(graph_hash(pruned(graph_from(matrix, labels))));
}

// Returns the positions of the vertices that pruning keeps, or nothing if it keeps none.
std::vector<int> kept_vertices(const ByteArray& matrix) {
  const Graph graph = graph_from(matrix, LabelArray(matrix.shape(0)));
  const std::uint32_t live = live_vertices(graph.successors.data(), graph.num_vertices);
  std::vector<int> kept;
  for (int v = 0; v < graph.num_vertices; ++v) {
    if (live >> v & 1) kept.push_back(v);
  }
  return kept;
}

std::int64_t parameters_of(const ByteArray& matrix, const LabelArray& labels, int stem_filters,
                           int num_stacks, int cells_per_stack, int num_classes) {
  return count_parameters(pruned(graph_from(matrix, labels)), {.stem_filters = stem_filters,
                                                               .num_stacks = num_stacks,
                                                               .cells_per_stack = cells_per_stack,
                                                               .num_classes = num_classes});
}

std::vector<std::int64_t> channels_of(const ByteArray& matrix, std::int64_t input_channels,
                                      std::int64_t output_channels) {
  const Graph graph = pruned(graph_from(matrix, LabelArray(matrix.shape(0))));
  const auto channels = vertex_channels(graph, input_channels, output_channels);
  return {channels.begin(), channels.begin() + graph.num_vertices};
}

py::tuple canonical_key(const ByteArray& matrix, const LabelArray& labels) {
  const CanonicalForm form = canonical_form(graph_from(matrix, labels));
  return py::make_tuple(form.num_vertices, form.bits, py::tuple(py::cast(form.labels)));
}

}  // namespace

void register_cell(py::module_& module) {
  module.attr("NUM_CELLS") = kNumCells;
  module.attr("MAX_GRAPH_VERTICES") = kMaxGraphVertices;
  module.attr("OPS") = py::cast(kOpNames);

  py::native_enum<Simd>(module, "Simd", "enum.Enum")
      .value("portable", Simd::portable)
      .value("avx2", Simd::avx2)
      .value("avx512", Simd::avx512)
      .finalize();

  module.def(
      "check_mask",
      [](const py::object& values, const std::string& what) { check_mask(values, what.c_str()); },
      py::arg("values"), py::arg("what"));
  module.def("encode_arrays", &encode_arrays, py::arg("matrices").noconvert(),
             py::arg("labels").noconvert());
  module.def("cell_ids", &cell_ids_array, py::arg("codes"), py::arg("out") = py::none(),
             py::arg("threads") = 1);
  module.def("valid_codes", &valid_array, py::arg("codes"), py::arg("max_raw_edges"));

  module.def("cell_codes", [] { return view(SearchSpace::instance().codes(), {}); });
  module.def("cell_parameters", [] { return view(SearchSpace::instance().parameters(), {}); });
  module.def("look_up_tables", &look_up_tables);
  module.def("cell_hashes", [] {
    const SearchSpace& space = SearchSpace::instance();
    std::span<const Digest> hashes;
    {
      const LongWork long_work;
      hashes = space.hashes();
    }
    return view_digests(hashes, {});
  });
  module.def("hashes_of_codes", &hashes_of_codes, py::arg("codes"));
  module.def("ids_of_hashes", &ids_of_digests, py::arg("hashes").noconvert(),
             py::arg("threads") = 1);

  module.def("module_hash", &hash_text, py::arg("matrix").noconvert(),
             py::arg("labels").noconvert());
  module.def("kept_vertices", &kept_vertices, py::arg("matrix").noconvert());
  module.def("count_parameters", &parameters_of, py::arg("matrix").noconvert(),
             py::arg("labels").noconvert(), py::arg("stem_filters"), py::arg("num_stacks"),
             py::arg("cells_per_stack"), py::arg("num_classes"));
  module.def("vertex_channels", &channels_of, py::arg("matrix").noconvert(),
             py::arg("input_channels"), py::arg("output_channels"));
  module.def("canonical_key", &canonical_key, py::arg("matrix").noconvert(),
             py::arg("labels").noconvert());

  module.def("active_simd", &active_simd);
  module.def("best_simd", &best_simd);
  module.def("force_simd", &force_simd, py::arg("level"));
}

}  // namespace nb101::bindings
