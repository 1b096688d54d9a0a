// Simulates trainings from the runs of an index: which accuracy an optimizer observes, and how much
// training time it pays.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "nb101/index.hpp"
#include "nb101/valid_matrices.hpp"

namespace nb101 {

// Which test accuracy is reported for the incumbent: the mean over its cell's runs at the final
// budget (Ying et al., 2019), or the test accuracy of the run that was drawn (the official
// notebook).
enum class ReportedTest { mean, queried };

// What an optimizer observes of one training run, and what it pays.
struct Outcome {
  double validation_accuracy = 0;
  double seconds = 0;
};

// Which raw configurations are valid: by the official rule, or by that of nas_benchmarks, which
// also allows at most 9 raw edges.
enum class Validity { official, raw_9 };

// The time of a run, and whose run it is.
struct CellTime {
  std::int32_t cell_id = kNoCell;
  double seconds = std::numeric_limits<double>::infinity();
};

// Owns the outcome of each run. A cell is invalid if it has more vertices than are
// allowed, or if it has no run at one of the budgets.
class SimulatedTraining {
 public:
  // `budgets` are positions in index.budgets(), and the last one is the final budget. Throws
  // std::invalid_argument if a time or an accuracy is not finite, or a time is negative, and
  // std::length_error if a budget has 2^32 runs or more.
  SimulatedTraining(const IndexView& index, std::span<const std::size_t> budgets, Validity validity,
                    ReportedTest reported, int max_vertices = kMaxVertices);

  std::size_t num_budgets() const noexcept { return budgets_.size(); }
  // The best means of a cell at the final budget. Cells with too many vertices do not count. Cells
  // without a run at another budget count, so that optimizers with other budgets have the same
  // best.
  double best_mean_test() const noexcept { return best_mean_test_; }
  double best_mean_validation() const noexcept { return best_mean_validation_; }
  double shortest_run() const noexcept { return shortest_run_; }  // infinite if there are no runs
  // The shortest run that takes more than no time. It bounds how many trainings a budget holds.
  const CellTime& shortest_paid_run() const noexcept { return shortest_paid_run_; }
  std::size_t num_cells() const noexcept { return num_cells_; }

  void prefetch(Code code) const noexcept { space_->prefetch(code); }

  bool has_valid_matrix(Code code) const noexcept { return valid_matrices_->has(code); }

  // Returns the cell id of a code, or kNoCell if the configuration is invalid. The code must be
  // faultless (see code_faults).
  std::int32_t cell(Code code) const noexcept {
    if (!has_valid_matrix(code)) return kNoCell;
    const std::int32_t id = space_->id_of_faultless(code);
    return run_count(0, id) ? id : kNoCell;
  }

  // Returns 0 for an invalid cell.
  std::uint32_t run_count(std::size_t budget, std::int32_t cell_id) const noexcept {
    return budgets_[budget].cells[static_cast<std::size_t>(cell_id)].count;
  }
  const Outcome& outcome(std::size_t budget, std::int32_t cell_id,
                         std::uint32_t repeat) const noexcept {
    return budgets_[budget].outcomes[place(budgets_[budget], cell_id, repeat)];
  }
  double reported_test(std::size_t budget, std::int32_t cell_id,
                       std::uint32_t repeat) const noexcept {
    if (reported_ == ReportedTest::mean) return mean_tests_[static_cast<std::size_t>(cell_id)];
    return budgets_[budget].tests[place(budgets_[budget], cell_id, repeat)];
  }

 private:
  struct CellRuns {  // the place of a cell's first run, and how many runs it has
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  struct Trainings {              // the runs at one budget; the repeats of a cell are neighbours
    std::vector<CellRuns> cells;  // by cell id
    std::vector<Outcome> outcomes;
    std::vector<double> tests;  // empty unless the test accuracy of the drawn run is reported
  };

  static std::size_t place(const Trainings& trainings, std::int32_t cell_id,
                           std::uint32_t repeat) noexcept {
    return std::size_t{trainings.cells[static_cast<std::size_t>(cell_id)].first} + repeat;
  }
  void take_budget(const IndexView& index, std::size_t budget);
  std::vector<CellRuns> place_runs(const IndexView& index, std::size_t budget) const;
  template <class Use>
  void for_each_cell(const IndexView& index, Use use) const;
  void note_time(const CellTime& time) noexcept;
  void take_means(const IndexView& index, std::size_t budget);
  void drop_incomplete(const IndexView& index);

  const SearchSpace* space_;
  const MatrixSet* valid_matrices_;
  ReportedTest reported_;
  std::int32_t end_id_;  // cells from this id on have too many vertices
  std::vector<Trainings> budgets_;
  std::vector<double> mean_tests_;  // by cell id, at the final budget
  std::size_t num_cells_ = 0;
  double best_mean_test_ = 0;
  double best_mean_validation_ = 0;
  double shortest_run_;
  CellTime shortest_paid_run_;
};

}  // namespace nb101
