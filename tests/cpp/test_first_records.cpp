#include <doctest.h>

#include "nb101/first_records.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

// What FirstRecords finds: the cells in order, and the epochs of the first record of each.
struct Answers {
  std::vector<std::int32_t> cells;
  std::vector<std::uint32_t> epochs;
};

Answers answers_of(const std::vector<Run>& runs) {
  const TemporaryFolder folder;
  write_sample_index(folder.file("i.nb101"), runs);
  const IndexFile file(folder.file("i.nb101"), Verify::full);
  const FirstRecords first(file.view());
  Answers answers;
  for (const std::int32_t row : first.rows()) {
    const auto r = static_cast<std::size_t>(row);
    answers.cells.push_back(file.view().cell_id(r));
    answers.epochs.push_back(file.view().budgets()[first.budget(r)].epochs);
  }
  return answers;
}

Answers answers_by_walking(const std::vector<Run>& runs) {
  Answers answers;
  for (const Run& run : runs) {
    if (std::ranges::find(answers.cells, run.cell_id) != answers.cells.end()) continue;
    answers.cells.push_back(run.cell_id);
    answers.epochs.push_back(run.epochs);
  }
  return answers;
}

void check(const std::vector<Run>& runs) {
  const Answers found = answers_of(runs);
  const Answers expected = answers_by_walking(runs);
  CHECK(found.cells == expected.cells);
  CHECK(found.epochs == expected.epochs);
}

}  // namespace

TEST_CASE("the first record of each cell is found, for any order of the file") {
  std::vector<Run> runs = sample_runs();
  const auto hash = [](const Run& run) {
    return SearchSpace::instance().hashes()[static_cast<std::size_t>(run.cell_id)];
  };
  check(runs);
  std::ranges::reverse(runs);
  check(runs);
  std::ranges::stable_sort(runs, {}, &Run::epochs);
  std::ranges::stable_sort(runs, {}, hash);  // the official order
  check(runs);
  std::erase_if(runs, [](const Run& run) { return run.cell_id == 77 && run.epochs == 4; });
  check(runs);
}

}  // namespace nb101
