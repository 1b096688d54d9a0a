// One metric bound for look-up: code in, float out. The hot path of an optimizer's loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "nb101/index.hpp"

namespace nb101 {

// Which of the repeats answers: one, their mean, or at each query one that is drawn.
struct Repeat {
  enum class Kind { one, mean, random };
  Kind kind = Kind::mean;
  std::size_t number = 0;  // of one
  std::uint64_t seed = 0;  // of random
};

// Owns a float table by cell id with NaN in front, at id -1, and where the index has no run:
// a query outside the space needs no branch.
class Objective {
 public:
  Objective(const IndexView& index, Metric metric, Stage stage, std::size_t budget, Repeat repeat);

  // A draw of `random` is that of the n-th query since construction, however queries are grouped.
  float operator()(std::int32_t cell_id) const noexcept {
    if (!is_random_) return table_[slot(cell_id)];
    return drawn(cell_id, num_drawn_.fetch_add(1, std::memory_order_relaxed));
  }
  void operator()(std::span<const Code> codes, float* out, int threads) const;

 private:
  static std::size_t slot(std::int32_t cell_id) noexcept {
    return static_cast<std::size_t>(cell_id + 1);
  }
  float drawn(std::int32_t cell_id, std::uint64_t query) const noexcept;

  bool is_random_;
  std::uint64_t seed_;
  std::vector<float> table_;               // kNumCells + 1; of random one after another
  std::vector<std::uint16_t> run_counts_;  // of random: likewise, 1 where there is no run
  mutable std::atomic<std::uint64_t> num_drawn_{0};
};

// The mean over the runs present, summed in double and rounded once to float32; NaN without any.
float mean_value(const IndexView& index, Metric metric, Stage stage, std::size_t budget,
                 std::size_t row) noexcept;

}  // namespace nb101
