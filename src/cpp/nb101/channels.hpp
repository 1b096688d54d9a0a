// Channels of a cell's vertices and the trainable parameters of the network built from it.
#pragma once

#include <array>
#include <cstdint>

#include "nb101/cell.hpp"

namespace nb101 {

// The network around the cells; the defaults are the official ones (Ying et al., 2019, figure 1).
struct Skeleton {
  int stem_filters = 128;
  int num_stacks = 3;
  int cells_per_stack = 3;
  int num_classes = 10;
  int image_channels = 3;
};

// Channels of each vertex of a pruned graph, in the order given (model_builder's
// compute_vertex_channels): outputs are divided, the first `remainder` get one more.
std::array<std::int64_t, kMaxGraphVertices> vertex_channels(const Graph& graph,
                                                            std::int64_t input_channels,
                                                            std::int64_t output_channels) noexcept;

// Of a pruned graph with labels 0..2.
std::int64_t count_parameters(const Graph& graph, const Skeleton& skeleton = {}) noexcept;

}  // namespace nb101
