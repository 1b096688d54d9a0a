#include "nb101/run_placement.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>

#include "nb101/error.hpp"
#include "nb101/parallel.hpp"
#include "nb101/search_space.hpp"
#include "nb101/sentence.hpp"

namespace nb101 {
namespace {

constexpr std::uint32_t kNone = 0xffffffff;  // stands for no run, no row or no budget

}  // namespace

RunPlacement::RunPlacement(const RunTable& table, const IndexView* base, int threads)
    : columns_(table.columns()), base_(base) {
  if (table.size() == 0 && !base) {
    throw std::invalid_argument("no runs: an index holds at least one");
  }
  find_cells(threads);
  find_budgets();
  place_runs(threads);
  find_order();
  summary_.cells = cells_.size();
  summary_.runs = table.size() - summary_.replaced_runs + (base ? base->header().num_runs : 0);
  for (const Budget& budget : budgets_) {
    summary_.missing_runs += std::uint64_t{budget.repeats} * cells_.size();
  }
  summary_.missing_runs -= summary_.runs;
  summary_.official_order = order_.empty();
}

bool RunPlacement::has_all_cells() const noexcept {
  return cells_.size() == static_cast<std::size_t>(kNumCells);
}

void RunPlacement::find_cells(int threads) {
  std::vector<bool> present(kNumCells);
  for (const std::int32_t id : columns_.cell_ids) present[static_cast<std::size_t>(id)] = true;
  std::vector<std::uint32_t> base_rows(kNumCells, kNone);
  for (std::uint32_t row = 0; base_ && row < base_->num_rows(); ++row) {
    const std::int32_t id = base_->cell_id(row);
    if (id < 0 || id >= kNumCells) {
      throw FormatError(base_->source(), 0, "section cells: it has a cell id out of range");
    }
    present[static_cast<std::size_t>(id)] = true;
    base_rows[static_cast<std::size_t>(id)] = row;
  }
  rows_.assign(kNumCells, 0);
  for (std::int32_t id = 0; id < kNumCells; ++id) {
    const auto cell = static_cast<std::size_t>(id);
    if (!present[cell]) continue;
    rows_[cell] = static_cast<std::uint32_t>(cells_.size());
    cells_.push_back(id);
    base_rows_.push_back(base_rows[cell]);
  }
  find_hashes(threads);
}

// The hashes of cells that the base has are those that it has.
void RunPlacement::find_hashes(int threads) {
  std::vector<std::int32_t> new_cells;
  for (std::size_t row = 0; row < cells_.size(); ++row) {
    if (base_rows_[row] == kNone) new_cells.push_back(cells_[row]);
  }
  std::vector<Digest> new_hashes(new_cells.size());
  SearchSpace::instance().hashes_of(new_cells, new_hashes, threads);
  auto next = new_hashes.begin();
  for (const std::uint32_t base_row : base_rows_) {
    hashes_.push_back(base_row == kNone ? *next++ : base_->hashes()[base_row]);
  }
}

void RunPlacement::find_budgets() {
  std::set<std::uint32_t> all;
  std::uint32_t before = 0;  // differs from the first run, because no run has 0 epochs
  columns_.epochs.visit([&](auto epochs) {
    for (std::size_t run = 0; run < columns_.epochs.size(); ++run) {
      const auto of_run = static_cast<std::uint32_t>(epochs(run));
      if (of_run != before) all.insert(of_run);
      before = of_run;
    }
  });
  for (std::size_t budget = 0; base_ && budget < base_->budgets().size(); ++budget) {
    all.insert(base_->budgets()[budget].epochs);
  }
  if (all.size() > kMaxBudgets) {
    throw std::invalid_argument(sentence(
        "the runs have ", all.size(), " different epochs; at most ", kMaxBudgets, " are allowed"));
  }
  if (std::uint64_t{cells_.size()} * all.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw std::invalid_argument(sentence(cells_.size(), " cells with ", all.size(),
                                         " different epochs are too many for one index; their "
                                         "product must be below 2^32"));
  }
  for (const std::uint32_t epochs : all) {
    budgets_.push_back({epochs, 0});
    base_budgets_.push_back(kNone);
  }
  for (std::uint32_t budget = 0; base_ && budget < base_->budgets().size(); ++budget) {
    base_budgets_[budget_of(base_->budgets()[budget].epochs)] = budget;
  }
}

std::size_t RunPlacement::budget_of(std::uint32_t epochs) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(budgets_, epochs, {}, &Budget::epochs) -
                                  budgets_.begin());
}

// Starts with the runs of the base.
void RunPlacement::prepare_places(std::size_t budget) {
  std::vector<std::uint16_t>& counts = places_[budget].counts;
  counts.resize(cells_.size());
  for (std::uint32_t row = 0; row < cells_.size(); ++row) {
    counts[row] = static_cast<std::uint16_t>(base_count(row, budget));
  }
  if (base_budgets_[budget] == kNone) return;
  places_[budget].runs.resize(base_->budgets()[base_budgets_[budget]].repeats);
}

// Each thread reads all runs and places those of its share of the budgets.
void RunPlacement::place_runs(int threads) {
  places_.resize(budgets_.size());
  if (base_) is_replacement_.assign(columns_.cell_ids.size(), 0);
  const auto place_share = [&](std::size_t first, std::size_t last) {
    // The repeats of the table's runs are counted from 0, even if the base has runs of the cell.
    std::vector<std::vector<std::uint16_t>> counts(last - first,
                                                   std::vector<std::uint16_t>(cells_.size()));
    for (std::size_t budget = first; budget < last; ++budget) prepare_places(budget);
    columns_.epochs.visit([&](auto epochs) {
      for (std::uint32_t run = 0; run < columns_.cell_ids.size(); ++run) {
        const std::size_t budget = budget_of(static_cast<std::uint32_t>(epochs(run)));
        if (budget < first || budget >= last) continue;
        place(run, budget, counts[budget - first][row_of(run)]++);
      }
    });
    for (std::size_t budget = first; budget < last; ++budget) {
      Places& places = places_[budget];
      places.num_repeated = count_repeated(places, counts[budget - first]);
    }
  };
  parallel_for(budgets_.size(), threads, place_share, 1);
  for (std::size_t b = 0; b < budgets_.size(); ++b) {
    budgets_[b].repeats = static_cast<std::uint32_t>(places_[b].runs.size());
    summary_.replaced_runs += places_[b].num_replaced;
    summary_.repeated_runs += places_[b].num_repeated;
  }
}

void RunPlacement::place(std::uint32_t run, std::size_t budget, std::size_t repeat) {
  if (repeat >= kMaxRepeats) {
    throw std::invalid_argument(sentence("cell ", cells_[row_of(run)], " has more than ",
                                         kMaxRepeats, " runs at ", budgets_[budget].epochs,
                                         " epochs; leave some out"));
  }
  const std::uint32_t row = row_of(run);
  Places& places = places_[budget];
  if (repeat == places.runs.size()) places.runs.emplace_back();
  if (repeat < places.counts[row]) {
    is_replacement_[run] = 1;
    ++places.num_replaced;
  } else {
    ++places.counts[row];
  }
  places.runs[repeat].push_back({run, row});
}

// Returns how many runs of the base a row has.
std::uint32_t RunPlacement::base_count(std::uint32_t row, std::size_t budget) const noexcept {
  if (base_rows_[row] == kNone || base_budgets_[budget] == kNone) return 0;
  return base_->run_count(base_rows_[row], base_budgets_[budget]);
}

std::optional<std::size_t> RunPlacement::base_budget(std::size_t budget,
                                                     std::size_t repeat) const noexcept {
  if (base_budgets_[budget] == kNone) return std::nullopt;
  if (repeat >= base_->budgets()[base_budgets_[budget]].repeats) return std::nullopt;
  return base_budgets_[budget];
}

std::optional<std::size_t> RunPlacement::base_row(std::uint32_t row, std::size_t budget,
                                                  std::size_t repeat) const noexcept {
  if (repeat >= base_count(row, budget)) return std::nullopt;
  return base_rows_[row];
}

// Returns how many of the runs that were placed at a budget equal an earlier one of their cell.
// `counts` holds how many there are by row. The runs of each cell are sorted, because a cell may
// have many.
std::uint64_t RunPlacement::count_repeated(const Places& places,
                                           std::span<const std::uint16_t> counts) const {
  std::vector<std::size_t> ends(counts.size());  // by row; each grows from where the row begins
  std::exclusive_scan(counts.begin(), counts.end(), ends.begin(), std::size_t{0});
  std::vector<std::uint32_t> runs(std::reduce(counts.begin(), counts.end(), std::size_t{0}));
  for (const std::vector<PlacedRun>& of_repeat : places.runs) {
    for (const auto [run, row] : of_repeat) runs[ends[row]++] = run;
  }
  std::uint64_t repeated = 0;
  for (std::size_t row = 0; row < counts.size(); ++row) {
    const std::span of_cell = std::span(runs).subspan(ends[row] - counts[row], counts[row]);
    std::ranges::sort(of_cell, [&](auto a, auto b) { return compare(a, b) < 0; });
    for (std::size_t i = 1; i < of_cell.size(); ++i) {
      repeated += compare(of_cell[i - 1], of_cell[i]) == 0;
    }
  }
  return repeated;
}

// Orders runs by the bits of their values. The total time comes first because it nearly always
// differs.
std::strong_ordering RunPlacement::compare(std::uint32_t run, std::uint32_t other) const {
  const auto compare_in = [&](const ExactColumn& column) {
    return std::bit_cast<std::uint64_t>(column[run]) <=>
           std::bit_cast<std::uint64_t>(column[other]);
  };
  std::strong_ordering order =
      compare_in(columns_.metrics[column_slot(Metric::total_time, Stage::start)]);
  for (std::size_t slot = 0; order == 0 && slot < kNumStagedColumns; ++slot) {
    order = compare_in(columns_.metrics[slot]);
  }
  return order;
}

// The official order is by hash, then epochs, then repeat, and only other orders are stored. In an
// update, the base's records keep their places and new records come after them. If the base is in
// the official order, the new index is too.
void RunPlacement::find_order() {
  if ((base_ && base_->order().empty()) || is_official_order()) return;
  order_.reserve(columns_.cell_ids.size() + (base_ ? base_->order().size() : 0));
  for_each_record([&](std::uint32_t record) { order_.push_back(record); });
}

// Calls visit(record) in the order of the new index. A record is the number row * budgets + budget,
// as in the order section.
template <class Visit>
void RunPlacement::for_each_record(Visit visit) const {
  const auto record_of = [&](std::uint32_t row, std::uint32_t epochs) {
    return static_cast<std::uint32_t>((row * budgets_.size()) + budget_of(epochs));
  };
  for (std::size_t i = 0; base_ && i < base_->order().size(); ++i) {
    const std::size_t base_row = base_->order()[i] / base_->budgets().size();
    const std::size_t base_budget = base_->order()[i] % base_->budgets().size();
    if (base_row >= base_->num_rows()) {
      throw FormatError(base_->source(), 0, "section order: it names a cell that the index lacks");
    }
    visit(record_of(row_of_cell(base_->cell_id(base_row)), base_->budgets()[base_budget].epochs));
  }
  columns_.epochs.visit([&](auto epochs) {
    for (std::uint32_t run = 0; run < columns_.cell_ids.size(); ++run) {
      if (base_ && is_replacement_[run]) continue;
      visit(record_of(row_of(run), static_cast<std::uint32_t>(epochs(run))));
    }
  });
}

bool RunPlacement::is_official_order() const {
  const auto comes_before = [&](std::uint32_t a, std::uint32_t b) {
    const std::size_t row_a = a / budgets_.size();
    const std::size_t row_b = b / budgets_.size();
    return row_a == row_b ? a < b : hashes_[row_a] < hashes_[row_b];
  };
  bool is_official = true;
  std::uint32_t before = kNone;
  for_each_record([&](std::uint32_t record) {
    if (before != kNone && comes_before(record, before)) is_official = false;
    before = record;
  });
  return is_official;
}

}  // namespace nb101
