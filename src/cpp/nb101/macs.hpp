// Multiply-accumulates of the network built from a cell.
#pragma once

#include <cstdint>

#include "nb101/channels.hpp"

namespace nb101 {

inline constexpr int kImageSize = 32;  // CIFAR-10's

// Of one image at inference, in convolutions and the dense layer; batch norm, ReLU, additions and
// pooling have none. Images halve before each stack but the first. Of a pruned graph, labels 0..2.
std::int64_t count_macs(const Graph& graph, const Skeleton& skeleton = {},
                        int image_size = kImageSize) noexcept;

}  // namespace nb101
