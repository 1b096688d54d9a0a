// The values of a metric or of an own column, by row of an index.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "nb101/file_format.hpp"

namespace nb101 {

// One metric of one repeat at one budget, by row; or the run counts of a budget, or an own column.
struct Column {
  ElementType type = ElementType::f32;
  bool constant = false;
  std::uint32_t denominator = 1;       // a count is divided by it
  const std::uint8_t* data = nullptr;  // holds a single element if the column is constant
  const SectionEntry* entry = nullptr;

  const std::uint8_t* element(std::size_t row) const noexcept {
    return data + (constant ? 0 : row * element_size(type));
  }
  double operator[](std::size_t row) const noexcept;
};

// A metric at a stage and a budget has a value for each run of a row. An own column has a single
// value, which is that of all runs.
class Series {
 public:
  // The columns of the metric's repeats lie kNumColumns apart, from *first on.
  Series(const Column* first, const Column* run_counts, std::uint32_t repeats) noexcept
      : first_(first), run_counts_(run_counts), repeats_(repeats) {}
  explicit Series(const Column* own_column) noexcept : first_(own_column) {}

  bool is_own() const noexcept { return run_counts_ == nullptr; }
  const Column& column(std::size_t repeat) const noexcept {
    return is_own() ? *first_ : first_[repeat * kNumColumns];
  }
  // Throws std::out_of_range if no row has the repeat.
  const Column& checked_column(std::size_t repeat) const;
  // Returns how many values the row has.
  std::uint32_t count(std::size_t row) const noexcept {
    return is_own() ? 1 : std::min(static_cast<std::uint32_t>((*run_counts_)[row]), repeats_);
  }
  // Returns the value of a run, or NaN if the row has no such run.
  double value(std::size_t row, std::size_t repeat) const noexcept;
  // Returns the mean over the runs of a row that have a value, or NaN if none has one. The sum and
  // the mean are doubles. A caller that wants a float32 rounds the mean, once.
  double mean(std::size_t row) const noexcept;

 private:
  const Column* first_;
  const Column* run_counts_ = nullptr;
  std::uint32_t repeats_ = 1;
};

}  // namespace nb101
