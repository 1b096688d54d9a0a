#include <doctest.h>

#include <cmath>
#include <stdexcept>
#include <system_error>

#include "nb101/index.hpp"
#include "nb101/index_assembly.hpp"
#include "sample_runs.hpp"

namespace nb101 {

TEST_CASE("values that fit neither a count nor a float32 are kept") {
  std::vector<Run> runs = sample_runs();
  runs[1].metrics.evaluations[2].validation_accuracy = 0.1;
  runs[2].metrics.evaluations[2].test_accuracy = -0.0;
  const TemporaryFolder folder;
  const auto [summary, written] = write_sample_index(folder.file("i"), runs);
  CHECK(written.wide_columns.size() >= 2);
  const IndexFile file(folder.file("i"), Verify::full);
  CHECK(file.view().column(Metric::validation_accuracy, Stage::final, 0, 1)[0] == 0.1);
  CHECK(std::signbit(file.view().column(Metric::test_accuracy, Stage::final, 0, 2)[0]));
}

TEST_CASE("an order other than the official one is kept") {
  std::vector<Run> runs = sample_runs();
  std::swap(runs[0], runs[20]);
  const TemporaryFolder folder;
  const auto [summary, written] = write_sample_index(folder.file("i"), runs);
  CHECK_FALSE(summary.official_order);
  const IndexFile file(folder.file("i"), Verify::full);
  const auto order = file.view().order();
  REQUIRE(order.size() == runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    CHECK(file.view().cell_id(order[i] / 2) == runs[i].cell_id);
    CHECK(file.view().budgets()[order[i] % 2].epochs == runs[i].epochs);
  }
}

TEST_CASE("without runs no index is written, and no file remains") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(write_sample_index(folder.file("i"), {}), std::invalid_argument);
  CHECK(folder.num_files() == 0);
  CHECK_THROWS_AS(write_sample_index(folder.file("no/such/folder/i"), sample_runs()),
                  std::system_error);
}

TEST_CASE("an update replaces the repeats that the base has and adds the others") {
  const TemporaryFolder folder;
  const std::vector<Run> runs = sample_runs();
  write_sample_index(folder.file("old"), runs);
  const IndexFile old(folder.file("old"), Verify::full);

  RandomCells random(16);
  const Run better = sample_run(0, 12, random);
  const Run added = sample_run(6, 4, random);
  RunTable table;
  table.append({&better, 1});
  table.append({&added, 1});
  IndexAssembly assembly(table, &old.view());
  assembly.write(folder.file("new"), "{}", 9984);
  CHECK(assembly.summary().replaced_runs == 1);
  CHECK(assembly.summary().runs == runs.size() + 1);

  const IndexFile file(folder.file("new"), Verify::full);
  const IndexView& index = file.view();
  const std::size_t first = index.row_of(0).value();
  const std::size_t last = index.row_of(6).value();
  const auto accuracy = [&](std::size_t repeat) {
    return index.column(Metric::test_accuracy, Stage::final, 1, repeat)[first];
  };
  CHECK(accuracy(0) == better.metrics.evaluations[2].test_accuracy);
  CHECK(accuracy(1) == runs[4].metrics.evaluations[2].test_accuracy);
  CHECK(index.run_count(last, 0) == 1);
  CHECK(index.run_count(last, 1) == 0);
}

TEST_CASE("repeated runs are counted in each cell, at each budget and among many repeats") {
  RandomCells random(19);
  std::vector<Run> runs;
  const auto add_thrice = [&](std::int32_t cell_id, std::uint32_t epochs, int num_distinct) {
    const Run run = sample_run(cell_id, epochs, random);
    for (int i = 0; i < 3 * num_distinct; ++i) {
      runs.push_back(run);
      runs.back().metrics.evaluations[1].training_time = i % num_distinct;
    }
  };
  add_thrice(5, 4, 20'000);
  add_thrice(5, 12, 200);
  add_thrice(77, 4, 100);
  RunTable table;
  table.append(runs);
  CHECK(IndexAssembly(table).summary().repeated_runs == 2 * (20'000 + 200 + 100));
}

TEST_CASE("a run that equals a run of the base is none that occurs twice") {
  const TemporaryFolder folder;
  const std::vector<Run> runs = sample_runs();
  write_sample_index(folder.file("old"), runs);
  const IndexFile old(folder.file("old"), Verify::full);
  RunTable table;
  table.append({runs.data(), 1});
  CHECK(IndexAssembly(table, &old.view()).summary().repeated_runs == 0);
  table.append({runs.data(), 1});
  CHECK(IndexAssembly(table, &old.view()).summary().repeated_runs == 1);
}

TEST_CASE("a run that occurs twice is counted and kept") {
  std::vector<Run> runs = sample_runs();
  runs[2] = runs[0];
  const TemporaryFolder folder;
  CHECK(write_sample_index(folder.file("i"), runs).summary.repeated_runs == 1);
  CHECK(IndexFile(folder.file("i"), Verify::full).view().run_count(0, 0) == 3);
}

}  // namespace nb101
