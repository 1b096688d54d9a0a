// The channels of a cell's vertices, and the trainable parameters of the network built from it.
#pragma once

#include <cstdint>

#include "nb101/cell.hpp"
#include "nb101/numbered_array.hpp"

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
// among the interior vertices that feed the output, and the first ones take the remainder. Every
// other vertex has the most channels of its successors. Source: compute_vertex_channels in
// nasbench/lib/model_builder.py.
using Channels = NumberedArray<std::int64_t, kMaxGraphVertices>;
Channels vertex_channels(const Graph& graph, std::int64_t input_channels,
                         std::int64_t output_channels) noexcept;

// Counts the trainable parameters for a pruned graph with labels 0..2.
std::int64_t count_parameters(const Graph& graph, const Skeleton& skeleton = {}) noexcept;

}  // namespace nb101
