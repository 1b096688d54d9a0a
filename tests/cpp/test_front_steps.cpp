#include <doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "nb101/front_steps.hpp"

namespace nb101 {
namespace {

// Returns the values of cells 5 and 7, which have two repeats each, and of cell 8, which has one.
ObjectiveValues values_of_three_cells() {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  const std::vector<std::int32_t> cell_ids = {5, 7, 8};
  return {cell_ids,
          2,
          2,
          {0.5, 0.5, 0.25, 0.75, 0.75, 0.5, 0.25, 0.25, 0.125, 0.75, kNone, kNone},
          {0.5, 0.5, 0.25, 0.5, 0.25, std::nan("")}};
}

}  // namespace

TEST_CASE("a training joins the front unless one of it is as good in every objective") {
  const ObjectiveValues values = values_of_three_cells();
  const std::vector<Trained> run = {{5, 0}, {7, 0}, {5, 0}, {5, 1}, {8, 1}, {7, 1}};
  const std::vector<FrontStep> steps = front_steps(values, run);
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].training == 0);
  CHECK(steps[0].hypervolume == doctest::Approx(0.25));
  CHECK(steps[1].training == 3);
  CHECK(steps[1].hypervolume == doctest::Approx(0.25));  // the same cell
  CHECK(steps[2].training == 5);
  CHECK(steps[2].hypervolume == doctest::Approx(0.75 * 0.5));  // it drives out both others
}

TEST_CASE("a cell without a reported value adds no volume") {
  const ObjectiveValues values = values_of_three_cells();
  const std::vector<Trained> run = {{8, 0}};
  REQUIRE(front_steps(values, run).size() == 1);
  CHECK(front_steps(values, run)[0].hypervolume == 0);
}

TEST_CASE("what was not given is worst in every objective") {
  const ObjectiveValues values = values_of_three_cells();
  CHECK(values.has(8, 1));
  for (const Trained& trained :
       {Trained{kNoCell, 0}, Trained{6, 0}, Trained{5, 2}, Trained{1 << 30, 0}}) {
    CHECK(!values.has(trained.cell_id, trained.repeat));
    CHECK(std::isinf(values.told(trained.cell_id, trained.repeat)[0]));
  }
}

}  // namespace nb101
