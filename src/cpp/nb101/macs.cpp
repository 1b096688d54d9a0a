#include "nb101/macs.hpp"

#include "nb101/op.hpp"

namespace nb101 {
namespace {

// Counts the weights of a cell's convolutions. Each pixel of the image needs as many
// multiplications.
std::int64_t cell_weights(const Graph& graph, std::int64_t in, std::int64_t out) noexcept {
  constexpr std::int64_t kWeightsOfOp[kNumOps] = {3 * 3, 1, 0};
  const Channels channels = vertex_channels(graph, in, out);
  std::int64_t total = 0;
  for (int v = 1; v < graph.num_vertices; ++v) {
    if (graph.successors[0] >> v & 1) total += in * channels[v];  // the projection
    if (v + 1 < graph.num_vertices) {
      total += kWeightsOfOp[graph.labels[v]] * channels[v] * channels[v];
    }
  }
  return total;
}

}  // namespace

std::int64_t count_macs(const Graph& graph, const Skeleton& skeleton, int image_size) noexcept {
  std::int64_t places = std::int64_t{image_size} * image_size;
  std::int64_t in = skeleton.stem_filters;
  std::int64_t out = in;
  std::int64_t total = places * 3 * 3 * skeleton.image_channels * out;
  for (int stack = 0; stack < skeleton.num_stacks; ++stack) {
    if (stack > 0) {
      image_size = (image_size + 1) / 2;
      places = std::int64_t{image_size} * image_size;
      out *= 2;
    }
    for (int cell = 0; cell < skeleton.cells_per_stack; ++cell) {
      total += places * cell_weights(graph, in, out);
      in = out;
    }
  }
  return total + out * skeleton.num_classes;
}

}  // namespace nb101
