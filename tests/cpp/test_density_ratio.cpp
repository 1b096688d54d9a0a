#include <doctest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "nb101/density_ratio.hpp"
#include "nb101/sampling.hpp"

namespace nb101 {
namespace {

constexpr double kMinBandwidth = 0.3;
constexpr double kLeastDensity = 1e-32;
constexpr std::size_t kNeeded = 54;

std::vector<Code> random_codes(std::size_t count, std::uint64_t seed) {
  std::vector<Code> codes(count);
  sample(Sampling::all, seed, codes);
  return codes;
}

std::vector<Point> points_of(const std::vector<Code>& codes, std::size_t first, std::size_t last) {
  std::vector<Point> points;
  for (std::size_t i = first; i < last; ++i) points.push_back(point_of(codes[i]));
  return points;
}

// Checks that the good ones are codes 0 .. num_good - 1 and the bad ones those up to `end`.
void check_split(DensityRatio& model, const std::vector<Code>& codes, std::size_t num_good,
                 std::size_t end) {
  const std::vector<Point> good = points_of(codes, 0, num_good);
  const std::vector<Point> bad = points_of(codes, num_good, end);
  for (const Code code : random_codes(50, 8)) {
    const Point at = point_of(code);
    CHECK(model.good()(at) == KernelDensity(good, kMinBandwidth)(at));
    CHECK(model.bad()(at) == KernelDensity(bad, kMinBandwidth)(at));
  }
}

// Checks that the best of 5 samples is proposed.
void check_proposals(DensityRatio& model) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    RandomStream random(seed);
    RandomStream same(seed);
    double least = std::numeric_limits<double>::max();
    Code expected = 0;
    for (int i = 0; i < 5; ++i) {
      const Point drawn = model.good().draw(same);
      const double bad = std::max(model.bad()(drawn), kLeastDensity);
      const double ratio = bad / std::max(model.good()(drawn), kLeastDensity);
      if (ratio < least) expected = code_of(drawn);
      least = std::min(least, ratio);
    }
    CHECK(model.propose(5, random) == expected);
  }
}

}  // namespace

TEST_CASE("a model needs 54 configurations at one budget") {
  DensityRatio model(kMinBandwidth);
  const std::vector<Code> codes = random_codes(kNeeded, 1);
  for (std::size_t i = 0; i + 1 < kNeeded; ++i) {
    model.tell(codes[i], 0, 0.5);
    model.tell(codes[i], 1, 0.5);
  }
  CHECK(!model.budget());
  model.tell(codes.back(), 0, 0.5);
  CHECK(model.budget() == 0);
  model.tell(codes.back(), 1, 0.5);
  CHECK(model.budget() == 1);
}

TEST_CASE("configurations below the model's budget are ignored") {
  DensityRatio model(kMinBandwidth);
  const std::vector<Code> codes = random_codes(kNeeded, 1);
  for (const Code code : codes) model.tell(code, 2, 0.5);
  for (const Code code : random_codes(100, 2)) model.tell(code, 1, 0.9);
  CHECK(model.budget() == 2);
  check_split(model, codes, 27, kNeeded);
}

TEST_CASE("the good configurations are the best 15 of 100, and the bad ones 85 of 100") {
  for (const auto& [size, num_good, end] : {std::array<std::size_t, 3>{54, 27, 54},
                                            {100, 27, 100},
                                            {180, 27, 180},
                                            {187, 28, 186},
                                            {200, 30, 200}}) {
    const std::vector<Code> codes = random_codes(size, size);
    DensityRatio model(kMinBandwidth);
    for (std::size_t i = size; i-- > 0;) model.tell(codes[i], 0, 1 - static_cast<double>(i) / 1e3);
    check_split(model, codes, num_good, end);
  }
}

TEST_CASE("of equal accuracies the earlier counts as better, and no number is the worst") {
  std::vector<Code> codes = random_codes(187, 5);
  DensityRatio model(kMinBandwidth);
  model.tell(codes.back(), 0, std::numeric_limits<double>::quiet_NaN());
  codes.push_back(codes.front());
  for (std::size_t i = 0; i < 186; ++i) model.tell(codes[i], 0, 0.5);
  check_split(model, codes, 28, 186);
  model.tell(codes[3], 0, std::numeric_limits<double>::infinity());
  codes[187] = codes[3];
  check_split(model, codes, 28, 28 + 159);
}

TEST_CASE("the sample with the least ratio is proposed") {
  const std::vector<Code> codes = random_codes(300, 6);
  DensityRatio model(kMinBandwidth);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    model.tell(codes[i], 0, 1 - static_cast<double>(i) / 1e3);
  }
  check_proposals(model);
}

TEST_CASE("a density counts as at least 1e-32") {
  // The bad ones have all edges, except that each of the first 21 lacks one. So their density is
  // tiny where there are few edges. The good ones have few edges, and most have the same labels.
  DensityRatio model(0.001);
  std::vector<Code> codes = random_codes(2000, 6);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const Code few_edges = codes[i] >> 3 & codes[i] >> 5 & kMatrixMask;
    if (i < 300) codes[i] &= i % 8 == 0 ? ~kMatrixMask : few_edges;
    if (i >= 300) codes[i] |= kMatrixMask;
    if (i >= 300 && i < 321) codes[i] ^= 1u << (i - 300);
    model.tell(codes[i], 0, 1 - static_cast<double>(i) / 1e4);
  }
  CHECK(model.bad()(point_of(0)) < kLeastDensity);
  CHECK(model.good()(point_of(0)) > kLeastDensity);
  check_proposals(model);
}

TEST_CASE("if only the bad ones agree in a parameter, the first sample that differs is proposed") {
  std::vector<Code> codes = random_codes(100, 6);
  DensityRatio model(kMinBandwidth);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (i >= 27) codes[i] |= 1;
    model.tell(codes[i], 0, 1 - static_cast<double>(i) / 1e3);
  }
  RandomStream random(3);
  RandomStream same(3);
  const std::optional<Code> found = model.propose(1000, random);
  Point drawn = model.good().draw(same);
  while (code_of(drawn) & 1) drawn = model.good().draw(same);
  CHECK(found == code_of(drawn));
}

TEST_CASE("if all agree in all parameters, nothing but that configuration has a ratio") {
  DensityRatio model(kMinBandwidth);
  for (std::size_t i = 0; i < kNeeded; ++i) model.tell(5, 0, 0.5);
  bool is_without = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random(seed);
    const std::optional<Code> found = model.propose(4, random);
    if (found) CHECK(*found == 5);
    is_without |= !found;
  }
  CHECK(is_without);
}

}  // namespace nb101
