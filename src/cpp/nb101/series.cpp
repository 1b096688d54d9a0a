#include "nb101/series.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "nb101/exact.hpp"
#include "nb101/sentence.hpp"

namespace nb101 {

double Column::operator[](std::size_t row) const noexcept {
  const std::uint8_t* const at = element(row);
  switch (type) {
    case ElementType::counts:  // the official values are float32(k / d)
      return static_cast<float>(load<std::uint16_t>(at)) / static_cast<float>(denominator);
    case ElementType::ticks:
      return load<Ticks>(at).seconds();
    case ElementType::f32:
      return load<float>(at);
    case ElementType::f64:
      return load<double>(at);
    case ElementType::i32:
      return load<std::int32_t>(at);
    case ElementType::u32:
      return load<std::uint32_t>(at);
    case ElementType::u16:
      return load<std::uint16_t>(at);
    case ElementType::u8:
      return load<std::uint8_t>(at);
    case ElementType::bytes:
    case ElementType::digest:
    case ElementType::label:
      break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

const Column& Series::checked_column(std::size_t repeat) const {
  if (!is_own() && repeat >= repeats_) {
    throw std::out_of_range(sentence("no cell has repeat ", repeat));
  }
  return column(repeat);
}

double Series::value(std::size_t row, std::size_t repeat) const noexcept {
  if (is_own() || repeat < count(row)) return column(repeat)[row];
  return std::numeric_limits<double>::quiet_NaN();
}

double Series::mean(std::size_t row) const noexcept {
  const std::uint32_t runs = count(row);
  double sum = 0;
  std::uint32_t measured = 0;
  for (std::uint32_t repeat = 0; repeat < runs; ++repeat) {
    const double value = column(repeat)[row];
    if (std::isnan(value)) continue;
    sum += value;
    ++measured;
  }
  return measured ? sum / measured : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace nb101
