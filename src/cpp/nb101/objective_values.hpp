// The values of several objectives: what an optimizer is told of a training, and what is reported
// of its cell. Less is better in every objective.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "nb101/search_space.hpp"

namespace nb101 {

class ObjectiveValues {
 public:
  // The cells are in any order, each once. `told` has the objectives of the first cell's first
  // repeat, then those of its second repeat, and so on; `reported` has those of each cell. No value
  // of `told` may be NaN. A cell without a reported value has NaN there.
  ObjectiveValues(std::span<const std::int32_t> cell_ids, std::size_t num_repeats,
                  std::size_t num_objectives, std::vector<double> told,
                  std::vector<double> reported)
      : num_repeats_(num_repeats),
        num_objectives_(num_objectives),
        rows_(kNumCells, kNoRow),
        told_(std::move(told)),
        reported_(std::move(reported)),
        worst_(num_objectives, std::numeric_limits<double>::infinity()) {
    for (std::size_t row = 0; row < cell_ids.size(); ++row) {
      rows_[static_cast<std::size_t>(cell_ids[row])] = static_cast<std::int32_t>(row);
    }
  }

  std::size_t size() const noexcept { return num_objectives_; }  // how many objectives there are

  bool has(std::int32_t cell_id, std::uint32_t repeat) const noexcept {
    return cell_id >= 0 && cell_id < static_cast<std::int32_t>(kNumCells) &&
           rows_[static_cast<std::size_t>(cell_id)] != kNoRow && repeat < num_repeats_;
  }
  // Returns what an optimizer is told of a training. Every objective of an invalid configuration is
  // infinite.
  const double* told(std::int32_t cell_id, std::uint32_t repeat) const noexcept {
    if (!has(cell_id, repeat)) return worst_.data();
    return told_.data() + (row(cell_id) * num_repeats_ + repeat) * num_objectives_;
  }
  // The cell must be one of those that were given.
  const double* reported(std::int32_t cell_id) const noexcept {
    return reported_.data() + row(cell_id) * num_objectives_;
  }

 private:
  static constexpr std::int32_t kNoRow = -1;

  std::size_t row(std::int32_t cell_id) const noexcept {
    return static_cast<std::size_t>(rows_[static_cast<std::size_t>(cell_id)]);
  }

  std::size_t num_repeats_;
  std::size_t num_objectives_;
  std::vector<std::int32_t> rows_;  // by cell id
  std::vector<double> told_;
  std::vector<double> reported_;
  std::vector<double> worst_;
};

}  // namespace nb101
