// An index as trainings that take their time: what an optimizer sees of a configuration, and pays.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nb101/index.hpp"

namespace nb101 {

// Which test accuracy is reported of the incumbent: the mean of its cell's runs at the final budget
// (Ying et al., 2019), or that of the very run that was drawn (the official notebook).
enum class ReportedTest { mean, queried };

// One training run, as it is paid for and seen.
struct Outcome {
  double validation_accuracy = 0;
  double seconds = 0;
};

// Which raw configurations are valid: in the official meaning, or in that of nas_benchmarks.
enum class Validity { official, raw_9 };

// Owns the outcomes by budget, cell and repeat. A cell that lacks any of the budgets is invalid.
class SimulatedTraining {
 public:
  // `budgets`: places in index.budgets(), the last one the final. Throws std::invalid_argument for
  // a run whose time or accuracy is no number.
  SimulatedTraining(const IndexView& index, std::span<const std::size_t> budgets, Validity validity,
                    ReportedTest reported);

  std::size_t num_budgets() const noexcept { return budgets_.size(); }
  double best_mean_test() const noexcept { return best_mean_test_; }
  double shortest_run() const noexcept { return shortest_run_; }  // of any budget; infinite: none
  std::size_t num_cells() const noexcept { return num_cells_; }

  void prefetch(Code code) const noexcept { space_->prefetch(code); }

  bool has_valid_matrix(Code code) const noexcept {
    const std::uint32_t matrix = code & kMatrixMask;
    return valid_matrices_[matrix >> kWordBits] >> (matrix & ((1u << kWordBits) - 1)) & 1;
  }

  // kNoCell of an invalid configuration. A faultless code.
  std::int32_t cell(Code code) const noexcept {
    if (!has_valid_matrix(code)) return kNoCell;
    const std::int32_t id = space_->id_of_faultless(code);
    return run_count(0, id) ? id : kNoCell;
  }

  // 0 of a cell that lacks one of the budgets.
  std::uint32_t run_count(std::size_t budget, std::int32_t cell_id) const noexcept {
    return budgets_[budget].run_counts[static_cast<std::size_t>(cell_id)];
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
  struct Trainings {  // at one budget: by cell id, and repeats of a cell side by side
    std::size_t repeats;
    std::vector<std::uint16_t> run_counts;
    std::vector<Outcome> outcomes;
    std::vector<double> tests;  // where the queried one is reported
  };

  static std::size_t place(const Trainings& trainings, std::int32_t cell_id,
                           std::uint32_t repeat) noexcept {
    return static_cast<std::size_t>(cell_id) * trainings.repeats + repeat;
  }
  void take_budget(const IndexView& index, std::size_t budget);
  void take_mean_tests(const IndexView& index, std::size_t budget);
  void drop_incomplete(const IndexView& index);

  static constexpr int kWordBits = 6;

  const SearchSpace* space_;
  std::vector<std::uint64_t> valid_matrices_;  // a bit each, 256 KB
  ReportedTest reported_;
  std::vector<Trainings> budgets_;
  std::vector<double> mean_tests_;  // by cell id, at the final budget
  std::size_t num_cells_ = 0;
  double best_mean_test_ = 0;
  double shortest_run_;
};

}  // namespace nb101
