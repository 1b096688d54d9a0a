#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "nb101/pareto.hpp"

namespace nb101 {
namespace {

using Values = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Draws integer coordinates below `levels`. With few levels, many of them are equal.
Values random_values(std::size_t count, std::size_t num_objectives, std::uint32_t levels) {
  std::mt19937 engine(static_cast<std::uint32_t>(count + num_objectives + levels));
  Values values(count * num_objectives);
  for (double& value : values) value = engine() % levels;
  return values;
}

bool dominates(const double* p, const double* q, std::size_t num_objectives) {
  bool is_better = false;
  for (std::size_t k = 0; k < num_objectives; ++k) {
    if (!(p[k] <= q[k])) return false;
    is_better = is_better || p[k] < q[k];
  }
  return is_better;
}

std::vector<std::int32_t> plain_front(const Points& points) {
  std::vector<std::int32_t> front;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double* const p = points[i];
    bool is_kept = std::none_of(p, p + points.num_objectives, [](double x) { return x != x; });
    for (std::size_t j = 0; j < points.size() && is_kept; ++j) {
      is_kept = !dominates(points[j], p, points.num_objectives);
    }
    if (is_kept) front.push_back(static_cast<std::int32_t>(i));
  }
  return front;
}

// Counts the unit cubes of the grid below the reference whose lower corners are dominated.
double plain_volume(const Points& points, std::size_t levels) {
  const std::size_t num_objectives = points.num_objectives;
  double volume = 0;
  std::vector<std::size_t> cube(num_objectives, 0);
  while (cube[0] < levels) {
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double* const p = points[i];
      if (std::equal(cube.begin(), cube.end(), p, [](auto c, double x) { return x <= c; })) {
        volume += 1;
        break;
      }
    }
    std::size_t k = num_objectives - 1;
    while (++cube[k] == levels && k > 0) cube[k--] = 0;
  }
  return volume;
}

}  // namespace

TEST_CASE("a front equals that of comparing every pair, with few and with many ties") {
  for (std::size_t num_objectives = 1; num_objectives <= 6; ++num_objectives) {
    for (const std::size_t count : {1, 2, 63, 64, 65, 1500}) {
      for (const std::uint32_t levels : {1, 2, 3, 10, 1000}) {
        const Values values = random_values(count, num_objectives, levels);
        const Points points{values, num_objectives};
        REQUIRE(pareto_front(points) == plain_front(points));
      }
    }
  }
}

TEST_CASE("a point with a NaN is not on the front and dominates nothing") {
  for (std::size_t num_objectives = 1; num_objectives <= 4; ++num_objectives) {
    Values values = random_values(500, num_objectives, 20);
    for (std::size_t i = 0; i < values.size(); i += 7) values[i] = kNan;
    const Points points{values, num_objectives};
    REQUIRE(pareto_front(points) == plain_front(points));
  }
  CHECK(pareto_front({Values{kNan, 0, kNan, kNan}, 2}).empty());
}

TEST_CASE("infinite coordinates compare as numbers do") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Values values = {-kInfinity, kInfinity, 1, 1, kInfinity, -kInfinity, kInfinity, kInfinity};
  CHECK(pareto_front({values, 2}) == std::vector<std::int32_t>{0, 1, 2});
}

TEST_CASE("all points of a plane with a constant sum of coordinates are on the front") {
  constexpr int kSide = 60;
  Values values;
  for (int x = 0; x < kSide; ++x) {
    for (int y = 0; x + y < kSide; ++y) values.insert(values.end(), {1. * x, 1. * y, 0. - x - y});
  }
  CHECK(pareto_front({values, 3}).size() == values.size() / 3);
}

TEST_CASE("no points have no front and no volume") {
  CHECK(pareto_front({{}, 3}).empty());
  CHECK(hypervolume({{}, 3}, Values{1, 1, 1}) == 0);
}

TEST_CASE("a volume equals the number of dominated unit cubes") {
  constexpr std::size_t kLevels = 6;
  for (std::size_t num_objectives = 1; num_objectives <= 6; ++num_objectives) {
    const Values reference(num_objectives, kLevels);
    for (const std::size_t count : {1, 2, 5, 20, 100}) {
      // Some coordinates are at the reference or beyond it.
      const Values values = random_values(count, num_objectives, kLevels + 2);
      const Points points{values, num_objectives};
      REQUIRE(hypervolume(points, reference) == plain_volume(points, kLevels));
    }
  }
}

TEST_CASE("a point that is not below the reference everywhere adds no volume") {
  CHECK(hypervolume({Values{0, 2, 3, 0, kNan, 0}, 2}, Values{2, 2}) == 0);
  CHECK(hypervolume({Values{0, 2, 1, 1}, 2}, Values{2, 2}) == 1);
}

}  // namespace nb101
