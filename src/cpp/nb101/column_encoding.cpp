#include "nb101/column_encoding.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "nb101/exact.hpp"

namespace nb101 {
namespace {

template <class T>
EncodedColumn encoded_as(ElementType type, const std::vector<T>& elements) {
  const Bytes bytes = object_bytes(std::span<const T>(elements));
  return {type, {bytes.begin(), bytes.end()}};
}

// Converts all values to T. A row without a run gets NaN, or 0 if the type has no NaN.
template <class T>
EncodedColumn narrowed(ElementType type, const ColumnValues& column) {
  std::vector<T> elements(column.values.size());
  for (std::size_t row = 0; row < elements.size(); ++row) {
    elements[row] = static_cast<T>(column.values[row]);
    if constexpr (std::numeric_limits<T>::has_quiet_NaN) {
      if (!column.has_run(row)) elements[row] = std::numeric_limits<T>::quiet_NaN();
    }
  }
  return encoded_as(type, elements);
}

// Returns nothing if a value is not a count divided by the denominator.
std::optional<EncodedColumn> counts_of(const ColumnValues& column, std::uint32_t denominator) {
  if (denominator == 0) return std::nullopt;
  std::vector<std::uint16_t> counts(column.values.size());
  for (std::size_t row = 0; row < counts.size(); ++row) {
    const auto count = count_of(column.values[row], denominator);
    if (!count) return std::nullopt;
    counts[row] = column.has_run(row) ? *count : kNoRunCount;
  }
  return encoded_as(ElementType::counts, counts);
}

// Returns nothing if a value is not a whole number of ticks.
std::optional<EncodedColumn> ticks_of(const ColumnValues& column) {
  std::vector<Ticks> ticks(column.values.size());
  for (std::size_t row = 0; row < ticks.size(); ++row) {
    const auto count = Ticks::of(column.values[row]);
    if (!count) return std::nullopt;
    if (column.has_run(row)) ticks[row] = *count;
  }
  return encoded_as(ElementType::ticks, ticks);
}

}  // namespace

bool EncodedColumn::is_constant() const noexcept {
  // All elements are equal if each byte equals the byte one element before it.
  const auto size = static_cast<std::ptrdiff_t>(element_size(type));
  return std::equal(bytes.begin() + size, bytes.end(), bytes.begin());
}

EncodedColumn encode_column(Metric metric, const ColumnValues& column, std::uint32_t denominator) {
  if (metric == Metric::graph) return narrowed<std::uint32_t>(ElementType::u32, column);
  if (metric == Metric::trainable_parameters) {
    return narrowed<std::int32_t>(ElementType::i32, column);
  }
  if (is_accuracy(metric)) {
    if (auto counts = counts_of(column, denominator)) return *std::move(counts);
  }
  if (std::ranges::all_of(column.values, holds<float>)) {
    EncodedColumn floats = narrowed<float>(ElementType::f32, column);
    floats.is_wide = is_accuracy(metric);
    return floats;
  }
  std::optional<EncodedColumn> encoded;
  if (metric == Metric::training_time || metric == Metric::total_time) encoded = ticks_of(column);
  if (!encoded) encoded = narrowed<double>(ElementType::f64, column);
  encoded->is_wide = metric != Metric::total_time;
  return *std::move(encoded);
}

std::uint32_t find_denominator(std::span<const double> values) {
  if (values.empty()) return 0;
  const auto fits = [&](std::uint32_t denominator) {
    std::size_t misses_left = values.size() / 10;
    for (const double value : values) {
      if (!count_of(value, denominator) && misses_left-- == 0) return false;
    }
    return true;
  };
  if (fits(kOfficialDenominator)) return kOfficialDenominator;
  for (std::uint32_t denominator = 1; denominator <= kMaxDenominator; ++denominator) {
    if (fits(denominator)) return denominator;
  }
  return 0;
}

}  // namespace nb101
