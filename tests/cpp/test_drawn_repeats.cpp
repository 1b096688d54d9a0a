#include <doctest.h>

#include <cmath>
#include <set>

#include "nb101/objective.hpp"
#include "sample_runs.hpp"

namespace nb101 {

TEST_CASE("many repeats of one cell are drawn beside a single run of another") {
  constexpr int kRepeats = 300;
  RandomCells random(23);
  std::vector<Run> runs = {sample_run(9, 12, random)};
  std::set<float> expected;
  for (int i = 0; i < kRepeats; ++i) {
    runs.push_back(sample_run(8, 12, random));
    runs.back().metrics.evaluations[2].test_accuracy = i / 9984.0f;
    expected.insert(i / 9984.0f);
  }
  const TemporaryFolder folder;
  write_sample_index(folder.file("i"), runs);
  const IndexFile file(folder.file("i"), Verify::full);
  const Series accuracies = file.view().series(Metric::test_accuracy, Stage::final, 0);
  const Objective objective(file.view(), accuracies, {Repeat::Kind::random, 0, 1});
  std::set<float> drawn;
  for (int i = 0; i < 30 * kRepeats; ++i) drawn.insert(objective(8));
  CHECK(drawn == expected);
  const auto single = static_cast<float>(runs[0].metrics.evaluations[2].test_accuracy);
  for (int i = 0; i < 10; ++i) CHECK(objective(9) == single);
  CHECK(std::isnan(objective(7)));
}

TEST_CASE("each repeat of each cell is drawn if all cells have the same number of runs") {
  std::vector<Run> runs(2 * static_cast<std::size_t>(kNumCells));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].cell_id = static_cast<std::int32_t>(i / 2);
    runs[i].graph = SearchSpace::instance().codes()[i / 2];
    runs[i].epochs = 12;
    runs[i].metrics.evaluations[2].test_accuracy = static_cast<float>(i);
  }
  const TemporaryFolder folder;
  write_sample_index(folder.file("i"), runs);
  const IndexFile file(folder.file("i"), Verify::header);
  const Series accuracies = file.view().series(Metric::test_accuracy, Stage::final, 0);
  const Objective objective(file.view(), accuracies, {Repeat::Kind::random, 0, 1});
  for (const std::int32_t id : {0, 1, 77, kNumCells - 1}) {
    std::set<float> drawn;
    for (int i = 0; i < 60; ++i) drawn.insert(objective(id));
    const auto first = static_cast<float>(2 * id);
    CHECK(drawn == std::set<float>{first, first + 1});
  }
  CHECK(std::isnan(objective(kNoCell)));
}

}  // namespace nb101
