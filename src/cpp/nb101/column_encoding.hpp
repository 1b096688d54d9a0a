// Encodes a column of an index in the narrowest element type that holds all its values exactly.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nb101/file_format.hpp"

namespace nb101 {

// The values of one metric, stage, budget and repeat. The value of a row without that run is 0.
struct ColumnValues {
  std::span<const double> values;             // by row
  std::span<const std::uint16_t> run_counts;  // by row; a row has the repeats 0 .. run_count - 1
  std::size_t repeat = 0;

  bool has_run(std::size_t row) const noexcept { return repeat < run_counts[row]; }
};

// A column in the form in which the file stores it.
struct EncodedColumn {
  ElementType type = ElementType::bytes;
  std::vector<std::uint8_t> bytes;
  // The column takes more memory than a column of the official files. Accuracies are wide if they
  // are not stored as counts. Training times and epochs are wide if they are not stored as float32.
  bool is_wide = false;

  // Returns whether all elements are equal. The file then stores only one.
  bool is_constant() const noexcept;
};

// Accuracies are stored as counts if each is a count divided by `denominator`. A denominator of 0
// means that no accuracy is stored as a count.
EncodedColumn encode_column(Metric metric, const ColumnValues& column, std::uint32_t denominator);

// Finds a denominator d, at most kMaxDenominator, such that at least nine tenths of the values are
// float32(k / d) for an integer k. Returns 9984 if it is such a number, else the least one, or 0 if
// there is none or if there are no values.
std::uint32_t find_denominator(std::span<const double> values);

}  // namespace nb101
