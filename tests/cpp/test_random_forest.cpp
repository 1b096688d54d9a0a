#include <doctest.h>

#include <algorithm>
#include <numeric>

#include "nb101/random_forest.hpp"
#include "nb101/sampling.hpp"
#include "simd_levels.hpp"

namespace nb101 {
namespace {

struct Predictions {
  std::vector<double> means, variances;
  bool operator==(const Predictions&) const = default;
};

std::vector<Code> random_codes(std::size_t count) {
  std::vector<Code> codes(count);
  sample(Sampling::all, 11, codes);
  return codes;
}

// Trains a forest on codes of which the edge of bit 4 decides the cost, and predicts the same
// codes.
Predictions predict(std::size_t count, std::uint32_t num_trees) {
  const std::vector<Code> codes = random_codes(count);
  RandomStream noise(3);
  std::vector<double> costs;
  for (const Code code : codes) {
    const bool has_edge = (code >> 4 & 1) != 0;
    costs.push_back(has_edge ? 1 : 0.1 + 0.01 * noise.fraction());
  }
  RandomForest forest(num_trees);
  forest.train(codes, costs, 5);
  Predictions found{std::vector<double>(count), std::vector<double>(count)};
  forest.predict(codes, found.means.data(), found.variances.data());
  return found;
}

}  // namespace

TEST_CASE("a forest predicts the same at every instruction set") {
  const Predictions expected = predict(500, 5);
  at_every_simd_level([&] { CHECK(predict(500, 5) == expected); });
}

TEST_CASE("a forest learns what decides the cost") {
  const std::vector<Code> codes = random_codes(500);
  const Predictions found = predict(500, 5);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] >> 4 & 1) {
      CHECK(found.means[i] == 1);
      CHECK(found.variances[i] == 0);
    } else {
      CHECK(found.means[i] > 0.1);
      CHECK(found.means[i] < 0.11);
    }
  }
}

TEST_CASE("few configurations, or equal ones, make a forest of leaves") {
  for (const std::size_t count : {1u, 2u, 5u}) {
    const Predictions found = predict(count, 1);
    CHECK(std::ranges::count(found.means, found.means[0]) == static_cast<long>(count));
    CHECK(found.variances == std::vector<double>(count, 0));
  }
  const std::vector<Code> equal(100, Code{77});
  std::vector<double> costs(100);
  std::iota(costs.begin(), costs.end(), 0);
  RandomForest forest(3);
  forest.train(equal, costs, 5);
  CHECK(forest.num_nodes() == 3);
  forest.train(random_codes(100), std::vector<double>(100, 0), 1);
  double mean = 1;
  double variance = 1;
  forest.predict({equal.data(), 1}, &mean, &variance);
  CHECK(mean == 0);
  CHECK(variance == 0);
}

TEST_CASE("a split bit tells on which side of a threshold a value is") {
  const auto bits = [](int label) { return split_bits(label_bits(label, 1)) >> kMatrixBits & 3; };
  CHECK(bits(1) == 0);  // conv1x1, the first operation of nas_benchmarks
  CHECK(bits(0) == 1);  // conv3x3 is after the first
  CHECK(bits(2) == 3);  // maxpool is after the second too
}

}  // namespace nb101
