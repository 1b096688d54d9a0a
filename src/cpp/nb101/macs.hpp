// Counts the multiply-accumulates (MACs) of the network built from a cell.
#pragma once

#include <cstdint>

#include "nb101/channels.hpp"

namespace nb101 {

inline constexpr int kImageSize = 32;  // width and height of CIFAR-10 images

// Counts the MACs of convolutions and of the dense layer for one image at inference. Batch norm,
// ReLU, additions and pooling count nothing. The size of the image is halved before each stack
// except the first. The graph must be pruned and have labels 0..2.
std::int64_t count_macs(const Graph& graph, const Skeleton& skeleton = {},
                        int image_size = kImageSize) noexcept;

}  // namespace nb101
