#include <doctest.h>

#include <cmath>

#include "nb101/expected_improvement.hpp"

namespace nb101 {

TEST_CASE("the expected improvement of certain costs is their difference, or nothing") {
  CHECK(expected_improvement(0.2, 0, 0.5) == doctest::Approx(0.3));
  CHECK(expected_improvement(0.5, 0, 0.2) == 0);
  CHECK(expected_improvement(0.5, 0, 0.5) == doctest::Approx(0.3989422804e-5));  // least variance
  CHECK(expected_improvement(0.5, 0.04, 0.5) == doctest::Approx(0.2 * 0.3989422804));
}

TEST_CASE("no expected improvement is above its bound, and most bounds are close") {
  const ImprovementBound bound;
  int num_close = 0;
  for (int step = 0; step < 4000; ++step) {
    const double mean = 0.1 + (step - 1000) * 0.0005;
    for (const double variance : {0.0, 1e-9, 1e-6, 1e-3, 0.1}) {
      const double improvement = expected_improvement(mean, variance, 0.1);
      const double most = bound(mean, variance, 0.1);
      CHECK(most >= improvement);
      num_close += most <= 2 * improvement ? 1 : 0;
    }
  }
  CHECK(num_close > 8000);
}

}  // namespace nb101
