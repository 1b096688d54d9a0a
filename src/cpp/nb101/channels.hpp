// The channels of a cell's vertices, and the trainable parameters of the network built from it.
#pragma once

#include <cstdint>

#include "nb101/cell.hpp"
#include "nb101/numbered_array.hpp"
#include "nb101/op.hpp"

namespace nb101 {

// The network around the cells. The defaults are the official ones (Ying et al., 2019, figure 1).
struct Skeleton {
  int stem_filters = 128;
  int num_stacks = 3;
  int cells_per_stack = 3;
  int num_classes = 10;
  int image_channels = 3;
};

// Returns the channels of each vertex of a pruned graph. The output channels are divided evenly
// among the interior vertices that feed the output, and the first ones take the remainder. Each
// other interior vertex has as many channels as the widest of its successors. Source:
// compute_vertex_channels in nasbench/lib/model_builder.py.
using Channels = NumberedArray<std::int64_t, kMaxGraphVertices>;
Channels vertex_channels(const Graph& graph, std::int64_t input_channels,
                         std::int64_t output_channels) noexcept;

// Counts the trainable parameters for pruned graphs with the same edges and with labels 0..2. What
// each label adds at each vertex is computed once.
class ParameterCounter {
 public:
  // Takes the edges of the graph.
  explicit ParameterCounter(const Graph& graph, const Skeleton& skeleton = {}) noexcept;

  // Takes the labels of the graph.
  std::int64_t count(const Graph& graph) const noexcept;

 private:
  void add_cell(const Graph& graph, std::int64_t in, std::int64_t out) noexcept;

  std::int64_t without_labels_ = 0;
  NumberedArray<NumberedArray<std::int64_t, kNumOps>, kMaxGraphVertices> of_label_{};  // by vertex
};

// Counts the trainable parameters for a pruned graph with labels 0..2.
std::int64_t count_parameters(const Graph& graph, const Skeleton& skeleton = {}) noexcept;

}  // namespace nb101
