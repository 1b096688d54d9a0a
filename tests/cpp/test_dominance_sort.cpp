#include <doctest.h>

#include <limits>
#include <vector>

#include "nb101/dominance_sort.hpp"

namespace nb101 {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("points are sorted into fronts, and equal points are in the same one") {
  const std::vector<double> values = {2, 2, 1, 3, 3, 3, 1, 3, kInfinity, kInfinity, 3, 1};
  const auto fronts = dominance_sort({values, 2});
  const std::vector<std::vector<std::int32_t>> expected = {{0, 1, 3, 5}, {2}, {4}};
  CHECK(fronts == expected);
  CHECK(dominance_sort({{}, 2}).empty());
}

TEST_CASE("the points at the ends are infinitely far from others") {
  const std::vector<double> values = {0, 10, 1, 6, 4, 5, 10, 0};
  const std::vector<std::int32_t> front = {0, 1, 2, 3};
  const std::vector<double> distances = crowding_distances({values, 2}, front);
  CHECK(distances[0] == kInfinity);
  CHECK(distances[1] == doctest::Approx(0.4 + 0.5));
  CHECK(distances[2] == doctest::Approx(0.9 + 0.6));
  CHECK(distances[3] == kInfinity);
}

TEST_CASE("points that are equal or infinite have no distance") {
  const std::vector<double> values = {1, 1, 1, 1, kInfinity, kInfinity, kInfinity, kInfinity};
  const std::vector<double> none = {0, 0};
  CHECK(crowding_distances({values, 2}, std::vector<std::int32_t>{0, 1}) == none);
  CHECK(crowding_distances({values, 2}, std::vector<std::int32_t>{2, 3}) == none);
}

}  // namespace nb101
