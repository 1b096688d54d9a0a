// Finds the place of each run in a new index: its row, budget and repeat, and its place in the
// order.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "nb101/digest.hpp"
#include "nb101/index.hpp"
#include "nb101/run_table.hpp"

namespace nb101 {

// What an index will hold.
struct IndexSummary {
  std::uint64_t cells = 0;
  std::uint64_t runs = 0;
  std::uint64_t missing_runs = 0;   // how many runs the cells with fewer repeats lack
  std::uint64_t replaced_runs = 0;  // how many runs of the base an update replaces
  std::uint64_t repeated_runs = 0;  // how many have the times and accuracies of an earlier one
  bool official_order = false;
};

// A run of the table, by its number there, and the row of its cell.
struct PlacedRun {
  std::uint32_t run;
  std::uint32_t row;
};

// The r-th run of a cell and budget in a table becomes repeat r. In an update of a base index it
// replaces the base's repeat r, if there is one. The other runs of the base stay.
class RunPlacement {
 public:
  // Keeps references to both. Throws std::invalid_argument if there are no runs, or more than a
  // file can hold.
  RunPlacement(const RunTable& table, const IndexView* base, int threads);

  const IndexSummary& summary() const noexcept { return summary_; }
  const std::vector<Budget>& budgets() const noexcept { return budgets_; }
  bool has_all_cells() const noexcept;

  // The ids, hashes and run counts of the cells, by row.
  const std::vector<std::int32_t>& cells() const noexcept { return cells_; }
  const std::vector<Digest>& hashes() const noexcept { return hashes_; }
  const std::vector<std::uint16_t>& run_counts(std::size_t budget) const noexcept {
    return places_[budget].counts;
  }

  // Returns the runs of the table that become this repeat, in ascending order.
  std::span<const PlacedRun> runs(std::size_t budget, std::size_t repeat) const noexcept {
    return places_[budget].runs[repeat];
  }
  // Returns the position of this budget in the base, or nothing if the base lacks the budget or the
  // repeat.
  std::optional<std::size_t> base_budget(std::size_t budget, std::size_t repeat) const noexcept;
  // Returns the row of the same cell in the base, or nothing if the base lacks this run.
  std::optional<std::size_t> base_row(std::uint32_t row, std::size_t budget,
                                      std::size_t repeat) const noexcept;

  // Returns the contents of the order section, or nothing if the order is the official one.
  const std::vector<std::uint32_t>& order() const noexcept { return order_; }

 private:
  struct Places {
    std::vector<std::uint16_t> counts;         // by row
    std::vector<std::vector<PlacedRun>> runs;  // by repeat
    std::uint64_t num_replaced = 0;
    std::uint64_t num_repeated = 0;
  };

  void find_cells(int threads);
  void find_hashes(int threads);
  void find_budgets();
  void prepare_places(std::size_t budget);
  void place_runs(int threads);
  void place(std::uint32_t run, std::size_t budget, std::size_t repeat);
  std::uint64_t count_repeated(const Places& places, std::span<const std::uint16_t> counts) const;
  void find_order();
  template <class Visit>
  void for_each_record(Visit visit) const;
  bool is_official_order() const;
  std::uint32_t row_of_cell(std::int32_t id) const noexcept {
    return rows_[static_cast<std::size_t>(id)];
  }
  std::uint32_t row_of(std::uint32_t run) const noexcept {
    return row_of_cell(columns_.cell_ids[run]);
  }
  std::uint32_t base_count(std::uint32_t row, std::size_t budget) const noexcept;
  std::strong_ordering compare(std::uint32_t run, std::uint32_t other) const;
  std::size_t budget_of(std::uint32_t epochs) const;

  const RunColumns& columns_;
  const IndexView* base_;
  IndexSummary summary_;
  std::vector<std::int32_t> cells_;       // by row
  std::vector<Digest> hashes_;            // by row
  std::vector<std::uint32_t> rows_;       // by cell id
  std::vector<std::uint32_t> base_rows_;  // by row; kNone if the base lacks the cell
  std::vector<Budget> budgets_;
  std::vector<std::uint32_t> base_budgets_;  // by budget; kNone if the base lacks it
  std::vector<Places> places_;               // by budget
  // By run, if there is a base. A replacement takes the old run's place in order_. The elements are
  // bytes, so that several threads can write to them.
  std::vector<std::uint8_t> is_replacement_;
  std::vector<std::uint32_t> order_;
};

}  // namespace nb101
