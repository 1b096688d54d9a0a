#include <doctest.h>

#include <bit>
#include <limits>
#include <vector>

#include "nb101/exact_column.hpp"
#include "random_cells.hpp"

namespace nb101 {
namespace {

void append(ExactColumn& column, const std::vector<double>& values) {
  column.append(values.size(), [&](std::size_t i) { return values[i]; });
}

void check_holds(const ExactColumn& column, const std::vector<double>& values) {
  REQUIRE(column.size() == values.size());
  column.visit([&](auto value) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto bits = std::bit_cast<std::uint64_t>(values[i]);
      REQUIRE(std::bit_cast<std::uint64_t>(value(i)) == bits);
      REQUIRE(std::bit_cast<std::uint64_t>(column[i]) == bits);
    }
  });
}

double count(std::uint32_t k) { return static_cast<float>(k) / 9984.0f; }

}  // namespace

TEST_CASE("a column returns the values that were appended, in each of its forms") {
  RandomCells random(31);
  std::vector<double> values;
  ExactColumn column;
  const auto take = [&](std::vector<double> more) {
    append(column, more);
    values.insert(values.end(), more.begin(), more.end());
    check_holds(column, values);
  };
  check_holds(column, values);
  take({0.0, 1.0, count(949), count(9984)});   // counts
  take({108.0, 54.0, 108.0, -0.0, count(3)});  // few distinct values
  take({std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()});
  std::vector<double> floats;
  for (int i = 0; i < 70'000; ++i) floats.push_back(static_cast<float>(i) * 0.3f);
  take(floats);  // more distinct values than a dictionary holds
  take({0.1});   // does not fit a float32
  take({count(1), -0.0, std::numeric_limits<double>::denorm_min()});
}

TEST_CASE("a column holds many different doubles") {
  std::vector<double> values;
  for (int i = 0; i < 70'000; ++i) values.push_back(1.0 / (i + 3));
  ExactColumn column;
  append(column, values);
  check_holds(column, values);
}

TEST_CASE("a dictionary numbers values by their bits") {
  ValueDictionary dictionary;
  CHECK(dictionary.number_of(0.0) == 0);
  CHECK(dictionary.number_of(-0.0) == 1);
  CHECK(dictionary.number_of(0.0) == 0);
  for (int i = 2; i < 65'535; ++i) REQUIRE(dictionary.number_of(i) == i);
  CHECK_FALSE(dictionary.number_of(0.5).has_value());
  CHECK(dictionary.number_of(65'534.0) == 65'534);
  CHECK(dictionary.number_of(-0.0) == 1);
}

}  // namespace nb101
