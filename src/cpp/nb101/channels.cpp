#include "nb101/channels.hpp"

#include <algorithm>
#include <bit>

#include "nb101/op.hpp"

namespace nb101 {
namespace {

// A convolution has no bias. It is followed by batch norm, which has two trainable vectors.
std::int64_t conv_parameters(std::int64_t kernel, std::int64_t in, std::int64_t out) noexcept {
  return kernel * kernel * in * out + 2 * out;
}

std::int64_t op_parameters(std::int64_t label, std::int64_t channels) noexcept {
  if (label == kMaxPoolLabel) return 0;
  return conv_parameters(label == 0 ? 3 : 1, channels, channels);
}

}  // namespace

Channels vertex_channels(const Graph& graph, std::int64_t input_channels,
                         std::int64_t output_channels) noexcept {
  Channels channels{};
  const int output = graph.num_vertices - 1;
  channels[0] = input_channels;
  channels[output] = output_channels;
  std::uint32_t feeding = 0;
  for (int v = 1; v < output; ++v) feeding += graph.successors[v] >> output & 1;
  int remaining = feeding ? static_cast<int>(output_channels % feeding) : 0;
  for (int v = 1; v < output; ++v) {
    if (!(graph.successors[v] >> output & 1)) continue;
    channels[v] = output_channels / feeding + (remaining-- > 0 ? 1 : 0);
  }
  for (int v = output - 1; v > 0; --v) {
    if (graph.successors[v] >> output & 1) continue;
    for (std::uint32_t rest = graph.successors[v]; rest; rest &= rest - 1) {
      channels[v] = std::max(channels[v], channels[std::countr_zero(rest)]);
    }
  }
  return channels;
}

ParameterCounter::ParameterCounter(const Graph& graph, const Skeleton& skeleton) noexcept {
  std::int64_t in = skeleton.stem_filters;
  std::int64_t out = in;
  without_labels_ = conv_parameters(3, skeleton.image_channels, in);
  for (int stack = 0; stack < skeleton.num_stacks; ++stack) {
    if (stack > 0) out *= 2;
    for (int cell = 0; cell < skeleton.cells_per_stack; ++cell) {
      add_cell(graph, in, out);
      in = out;
    }
  }
  without_labels_ += (out + 1) * skeleton.num_classes;
}

void ParameterCounter::add_cell(const Graph& graph, std::int64_t in, std::int64_t out) noexcept {
  const Channels channels = vertex_channels(graph, in, out);
  for (int v = 1; v < graph.num_vertices; ++v) {
    if (graph.successors[0] >> v & 1) without_labels_ += conv_parameters(1, in, channels[v]);
    if (v + 1 == graph.num_vertices) continue;
    for (int label = 0; label < kNumOps; ++label) {
      of_label_[v][label] += op_parameters(label, channels[v]);
    }
  }
}

std::int64_t ParameterCounter::count(const Graph& graph) const noexcept {
  std::int64_t total = without_labels_;
  for (int v = 1; v + 1 < graph.num_vertices; ++v) {
    total += of_label_[v][static_cast<int>(graph.labels[v])];
  }
  return total;
}

std::int64_t count_parameters(const Graph& graph, const Skeleton& skeleton) noexcept {
  return ParameterCounter(graph, skeleton).count(graph);
}

}  // namespace nb101
