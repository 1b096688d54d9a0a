#include "nb101/simulated_training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "nb101/sampling.hpp"
#include "nb101/sentence.hpp"

namespace nb101 {
namespace {

constexpr double kMissingTest = std::numeric_limits<double>::quiet_NaN();

[[noreturn]] void refuse_missing(std::int32_t cell_id, std::string_view what) {
  throw std::invalid_argument(
      sentence("a run of cell ", cell_id, " has no final ", what,
               "; a simulation needs the training time, the validation accuracy and "
               "the test accuracy of every run, so use an index that has them"));
}

Outcome checked(std::int32_t cell_id, Outcome outcome) {
  if (std::isnan(outcome.seconds)) refuse_missing(cell_id, "training time");
  if (std::isnan(outcome.validation_accuracy)) refuse_missing(cell_id, "validation accuracy");
  const bool has_time = outcome.seconds >= 0 && std::isfinite(outcome.seconds);
  if (has_time && std::isfinite(outcome.validation_accuracy)) return outcome;
  throw std::invalid_argument(sentence(
      "a run of cell ", cell_id, " took ", outcome.seconds, " s and has a validation accuracy of ",
      outcome.validation_accuracy, "; a simulation needs finite values and no time below 0"));
}

void check_test(std::int32_t cell_id, double accuracy) {
  if (std::isnan(accuracy)) refuse_missing(cell_id, "test accuracy");
  if (std::isfinite(accuracy)) return;
  throw std::invalid_argument(sentence("a run of cell ", cell_id, " has a test accuracy of ",
                                       accuracy, "; a simulation needs finite values"));
}

}  // namespace

// Calls use(row, cell id) for each row whose cell has few enough vertices. It skips ids that do not
// exist, which an unverified file may hold.
template <class Use>
void SimulatedTraining::for_each_cell(const IndexView& index, Use use) const {
  for (std::size_t row = 0; row < index.num_rows(); ++row) {
    const std::int32_t id = index.cell_id(row);
    if (id >= 0 && id < end_id_) use(row, id);
  }
}

SimulatedTraining::SimulatedTraining(const IndexView& index, std::span<const std::size_t> budgets,
                                     Validity validity, ReportedTest reported, int max_vertices)
    : space_(&SearchSpace::instance()),
      valid_matrices_(validity == Validity::raw_9 ? &ValidMatrices::instance().raw_9().set
                                                  : &ValidMatrices::instance().official().set),
      reported_(reported),
      end_id_(static_cast<std::int32_t>(cells_of_vertices(2, max_vertices).size())),
      shortest_run_(std::numeric_limits<double>::infinity()) {
  for (const std::size_t budget : budgets) take_budget(index, budget);
  take_means(index, budgets.back());
  drop_incomplete(index);
}

void SimulatedTraining::take_budget(const IndexView& index, std::size_t budget) {
  Trainings trainings{place_runs(index, budget), {}, {}};
  const CellRuns& last = trainings.cells.back();
  const std::size_t num_runs = std::size_t{last.first} + last.count;
  trainings.outcomes.resize(num_runs);
  if (reported_ == ReportedTest::queried) trainings.tests.assign(num_runs, kMissingTest);
  const std::size_t repeats = index.budgets().at(budget).repeats;
  for (std::uint32_t repeat = 0; repeat < repeats; ++repeat) {
    const auto column = [&](Metric metric) -> const Column& {
      return index.column(metric, Stage::final, budget, repeat);
    };
    const Column& accuracies = column(Metric::validation_accuracy);
    const Column& times = column(Metric::training_time);
    const Column& tests = column(Metric::test_accuracy);
    for_each_cell(index, [&](std::size_t row, std::int32_t id) {
      if (repeat >= trainings.cells[static_cast<std::size_t>(id)].count) return;
      const std::size_t at = place(trainings, id, repeat);
      trainings.outcomes[at] = checked(id, {accuracies[row], times[row]});
      note_time({id, trainings.outcomes[at].seconds});
      check_test(id, tests[row]);
      if (!trainings.tests.empty()) trainings.tests[at] = tests[row];
    });
  }
  budgets_.push_back(std::move(trainings));
}

std::vector<SimulatedTraining::CellRuns> SimulatedTraining::place_runs(const IndexView& index,
                                                                       std::size_t budget) const {
  std::vector<CellRuns> cells(kNumCells);
  for_each_cell(index, [&](std::size_t row, std::int32_t id) {
    cells[static_cast<std::size_t>(id)].count = index.run_count(row, budget);
  });
  std::uint64_t num_runs = 0;
  for (CellRuns& runs : cells) {
    runs.first = static_cast<std::uint32_t>(num_runs);
    num_runs += runs.count;
  }
  if (num_runs > std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error(
        sentence("the index has ", num_runs,
                 " runs at one budget; a simulation takes fewer than 4,294,967,296"));
  }
  return cells;
}

void SimulatedTraining::note_time(const CellTime& time) noexcept {
  shortest_run_ = std::min(shortest_run_, time.seconds);
  if (time.seconds > 0 && time.seconds < shortest_paid_run_.seconds) shortest_paid_run_ = time;
}

void SimulatedTraining::take_means(const IndexView& index, std::size_t budget) {
  mean_tests_.assign(kNumCells, kMissingTest);
  const Series tests = index.series(Metric::test_accuracy, Stage::final, budget);
  const Series validations = index.series(Metric::validation_accuracy, Stage::final, budget);
  for_each_cell(index, [&](std::size_t row, std::int32_t id) {
    const double test = tests.mean(row);
    const double validation = validations.mean(row);
    mean_tests_[static_cast<std::size_t>(id)] = test;
    if (test > best_mean_test_) best_mean_test_ = test;  // NaN, of a cell without runs, is not
    if (validation > best_mean_validation_) best_mean_validation_ = validation;
  });
}

void SimulatedTraining::drop_incomplete(const IndexView& index) {
  for_each_cell(index, [&](std::size_t, std::int32_t id) {
    const auto at = static_cast<std::size_t>(id);
    const bool is_complete = std::ranges::all_of(
        budgets_, [&](const Trainings& trainings) { return trainings.cells[at].count > 0; });
    num_cells_ += is_complete;
    if (is_complete) return;
    for (Trainings& trainings : budgets_) trainings.cells[at].count = 0;
  });
}

}  // namespace nb101
