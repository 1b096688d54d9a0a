#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "nb101/kernel_density.hpp"
#include "nb101/sampling.hpp"
#include "simd_levels.hpp"

namespace nb101 {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Point> random_points(std::size_t count, std::uint64_t seed) {
  std::vector<Code> codes(count);
  sample(Sampling::all, seed, codes);
  std::vector<Point> points;
  for (const Code code : codes) points.push_back(point_of(code));
  return points;
}

// The value of a parameter as nas_benchmarks numbers it.
int listed(Point point, int parameter) {
  const Code code = code_of(point);
  if (parameter < kMatrixBits) return static_cast<int>(code >> parameter & 1);
  const int label = code_label(code, parameter - kMatrixBits + 1);
  return label == 2 ? 2 : 1 - label;
}

// Computes a density parameter by parameter, as statsmodels does.
struct PlainDensity {
  std::vector<Point> points;
  std::vector<double> bandwidths;
  std::vector<int> num_levels;

  PlainDensity(const std::vector<Point>& given, double min_bandwidth) : points(given) {
    const auto n = static_cast<double>(points.size());
    for (int i = 0; i < kNumParameters; ++i) {
      double counts[3] = {};
      for (const Point point : points) ++counts[listed(point, i)];
      const double mean = (counts[1] + 2 * counts[2]) / n;
      double squares = 0;
      int levels = 0;
      for (int value = 0; value < 3; ++value) {
        squares += counts[value] * (value - mean) * (value - mean);
        levels += counts[value] > 0;
      }
      bandwidths.push_back(
          std::max(1.06 * std::sqrt(squares / n) * std::pow(n, -1.0 / 30), min_bandwidth));
      num_levels.push_back(levels);
    }
  }

  double operator()(Point at) const {
    double sum = 0;
    for (const Point point : points) {
      double product = 1;
      for (int i = 0; i < kNumParameters; ++i) {
        const bool is_equal = listed(point, i) == listed(at, i);
        product *= is_equal ? 1 - bandwidths[i] : bandwidths[i] / (num_levels[i] - 1);
      }
      sum += product;
    }
    return sum / static_cast<double>(points.size());
  }
};

}  // namespace

TEST_CASE("a point is a code whose labels do not cross the border of four bits") {
  for (const Point point : random_points(100, 1)) {
    CHECK(point_of(code_of(point)) == point);
    CHECK((static_cast<std::uint32_t>(point) >> 10 & 1) == 0);
  }
  CHECK(static_cast<std::uint32_t>(point_of(1u << kMatrixBits)) == 1);
  CHECK(static_cast<std::uint32_t>(point_of(1)) == 1u << 11);
}

TEST_CASE("a kernel density agrees with plain sums at every instruction set") {
  const std::vector<Point> asked = random_points(100, 9);
  for (const std::size_t size : {1, 7, 8, 9, 27, 64, 100, 1001}) {
    const std::vector<Point> points = random_points(size, size);
    const PlainDensity plain(points, 0.3);
    std::vector<std::vector<double>> found;
    at_every_simd_level([&] {
      const KernelDensity density(points, 0.3);
      for (int i = 0; i < kNumParameters; ++i) {
        REQUIRE(density.bandwidths()[i] == doctest::Approx(plain.bandwidths[i]).epsilon(1e-14));
      }
      std::vector<double>& values = found.emplace_back();
      for (const Point at : asked) {
        values.push_back(density(at));
        const double expected = plain(at);
        if (expected == kInfinity) {
          REQUIRE(values.back() == kInfinity);
        } else {
          REQUIRE(values.back() / expected == doctest::Approx(1).epsilon(1e-12));
        }
      }
    });
    for (const std::vector<double>& values : found) REQUIRE(values == found.front());
  }
}

TEST_CASE("another value than the only one of a parameter has an infinite density") {
  const std::vector<Point> points(30, point_of(1));
  at_every_simd_level([&] {
    const KernelDensity density(points, 0.3);
    CHECK(density(points.front()) / std::pow(0.7, 26) == doctest::Approx(1).epsilon(1e-12));
    CHECK(density(point_of(0)) == kInfinity);
    CHECK(density(point_of(1 | 1u << 30)) == kInfinity);
    // 0 times infinity
    CHECK(std::isnan(KernelDensity(points, 1)(point_of(0))));
    CHECK(KernelDensity(points, 1)(points.front()) == 0);
    // 0 divided by 0
    CHECK(std::isnan(KernelDensity(points, 0)(point_of(0))));
    CHECK(KernelDensity(points, 0)(points.front()) == 1);
  });
}

TEST_CASE("a draw changes each parameter of a point with the probability of its bandwidth") {
  constexpr int kDraws = 40'000;
  const std::vector<Point> points = {point_of(0), point_of(0)};
  const KernelDensity density(points, 0.3);
  RandomStream random(5);
  std::vector<int> counts(kNumParameters * 3);
  for (int draw = 0; draw < kDraws; ++draw) {
    const Point drawn = density.draw(random);
    REQUIRE(code_faults(code_of(drawn)) == 0);
    for (int i = 0; i < kNumParameters; ++i) ++counts[3 * i + listed(drawn, i)];
  }
  for (int i = 0; i < kNumParameters; ++i) {
    const int values = i < kMatrixBits ? 2 : 3;
    const int unchanged = i < kMatrixBits ? 0 : 1;  // label 0 is number 1
    for (int value = 0; value < values; ++value) {
      const double share = 0.3 / values + (value == unchanged ? 0.7 : 0);
      const double deviation = std::sqrt(kDraws * share * (1 - share));
      CHECK(std::abs(counts[3 * i + value] - kDraws * share) < 5 * deviation);
    }
  }
}

TEST_CASE("each point of a density is drawn equally often") {
  constexpr int kDraws = 30'000;
  const std::vector<Point> points = random_points(30, 3);
  const KernelDensity density(points, 0);
  RandomStream random(7);
  double sum = 0;
  double expected = 0;
  for (const Point point : points) expected += listed(point, 0);
  for (int draw = 0; draw < kDraws; ++draw) sum += listed(density.draw(random), 0);
  // A parameter keeps its mean in edges only if half of the points have it.
  const double bandwidth = density.bandwidths()[0];
  const double share = (1 - bandwidth) * expected / 30 + bandwidth / 2;
  CHECK(std::abs(sum - kDraws * share) < 5 * std::sqrt(kDraws * share * (1 - share)));
}

}  // namespace nb101
