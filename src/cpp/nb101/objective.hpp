// An objective is one metric or own column that is prepared for fast look-up: it takes a code and
// returns a float. Optimizers call it in their innermost loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "nb101/index.hpp"
#include "nb101/process_word.hpp"

namespace nb101 {

// Which repeat gives the value: a fixed one, the mean of all, or one that is drawn at each query.
struct Repeat {
  enum class Kind { one, mean, random };
  Kind kind = Kind::mean;
  std::size_t number = 0;  // used by `one`
  std::uint64_t seed = 0;  // used by `random`
};

// Owns a table of floats for the cell ids from -1 on. The value is NaN for id -1 and for a cell
// without a run, so a query outside the space needs no branch.
//
// With `random`, a draw depends on the seed and on the number of queries before it. It does not
// matter whether these came one by one or in batches. A forked process makes different draws than
// its parent, because a mean over workers with the same draws would be no better than a single
// worker.
class Objective {
 public:
  // Throws std::length_error if `random` would choose among 2^32 runs or more.
  Objective(const IndexView& index, const Series& series, Repeat repeat);

  float operator()(std::int32_t cell_id) const noexcept {
    if (!is_random_) return table_[slot(cell_id)];
    return drawn(cell_id, stream(), num_drawn_.fetch_add(1, std::memory_order_relaxed));
  }
  void operator()(std::span<const Code> codes, float* out, int threads) const;

  // Returns the values by cell id, or null if each query draws a repeat: the values are not fixed
  // then.
  const float* fixed_values() const noexcept {
    return is_random_ ? nullptr : table_.data() + slot(0);
  }

  // Takes cell ids from -1 to 423,623 in place of codes.
  void by_id(std::span<const std::int32_t> ids, float* out, int threads) const;

 private:
  static std::size_t slot(std::int32_t cell_id) noexcept {
    return static_cast<std::size_t>(cell_id + 1);
  }
  // Returns the seed in the process that made this object, because the other two numbers are equal
  // there and x ^ x is 0. In each process that is forked from it, it returns a different number.
  std::uint64_t stream() const noexcept { return seed_ ^ process_word() ^ made_in_; }
  struct Values {
    std::size_t start;
    std::uint32_t count;
  };
  Values values_of(std::size_t slot) const noexcept {
    if (starts_.empty()) return {slot * even_count_, even_count_};
    return {starts_[slot], starts_[slot + 1] - starts_[slot]};
  }
  float drawn(std::int32_t cell_id, std::uint64_t stream, std::uint64_t query) const noexcept;
  void take_fixed(const IndexView& index, const Series& series, Repeat repeat);
  void take_all(const IndexView& index, const Series& series);
  // Returns the size of the table.
  std::size_t find_starts(const IndexView& index, const Series& series);

  bool is_random_;
  std::uint64_t seed_;
  std::uint64_t made_in_ = process_word();
  std::vector<float> table_;  // by slot; with `random`, the values of one slot after the other
  // With `random` only: where the values of each slot begin, and at last where the table ends. A
  // slot without a run has one value, which is NaN. If all cells have the same number of runs,
  // `starts_` is empty: each slot then has `even_count_` values, and no look-up is needed.
  std::vector<std::uint32_t> starts_;
  std::uint32_t even_count_ = 0;
  mutable std::atomic<std::uint64_t> num_drawn_{0};
};

}  // namespace nb101
