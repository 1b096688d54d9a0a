// The operations of a cell's interior vertices. A label is the position of the operation in
// kOpNames.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace nb101 {

inline constexpr int kNumOps = 3;
inline constexpr std::array<std::string_view, kNumOps> kOpNames = {"conv3x3-bn-relu",
                                                                   "conv1x1-bn-relu", "maxpool3x3"};
inline constexpr std::string_view kInputName = "input";
inline constexpr std::string_view kOutputName = "output";

inline constexpr int kMaxPoolLabel = 2;

inline std::optional<int> label_from_name(std::string_view name) noexcept {
  for (int label = 0; label < kNumOps; ++label) {
    if (kOpNames[static_cast<std::size_t>(label)] == name) return label;
  }
  return std::nullopt;
}

}  // namespace nb101
