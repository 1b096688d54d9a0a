#include "nb101/index_assembly.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <set>
#include <stdexcept>
#include <utility>

#include "nb101/error.hpp"
#include "nb101/exact.hpp"
#include "nb101/index_writer.hpp"
#include "nb101/parallel.hpp"
#include "nb101/perfect_hash.hpp"

namespace nb101 {
namespace {

constexpr std::uint32_t kOfficialDenominator = 9984;  // 39 evaluation batches of 256
constexpr std::uint32_t kNone = 0xffffffff;           // no run, no row, no budget
constexpr std::size_t kMostBudgets = 65535;

template <class T>
Bytes bytes_of(const std::vector<T>& values) noexcept {
  return object_bytes(std::span<const T>(values));
}

}  // namespace

// A column's values, and which rows have them.
struct GatheredColumn {
  std::vector<double> values;
  std::vector<std::uint8_t> is_run;
};

// As it will stand in the file.
struct EncodedColumn {
  SectionEntry entry{};
  std::vector<std::uint8_t> bytes{};
  bool is_wide = false;  // wider than such a column should be

  template <class T>
  void set(ElementType type, const std::vector<T>& elements) {
    entry.type = type;
    const Bytes all = bytes_of(elements);
    bytes.assign(all.begin(), all.end());
  }

  // As one constant where all elements are alike, else as they are.
  void write(IndexWriter& writer) const {
    const std::size_t size = element_size(entry.type);
    // All alike: each byte equals the one an element before.
    const bool alike =
        std::equal(bytes.begin() + static_cast<std::ptrdiff_t>(size), bytes.end(), bytes.begin());
    if (alike) {
      writer.add_constant(entry, bytes.data());
    } else {
      writer.add(entry, bytes);
    }
  }
};

namespace {

template <class T>
std::vector<T> narrowed(const GatheredColumn& column) {
  std::vector<T> elements(column.values.size());
  for (std::size_t row = 0; row < elements.size(); ++row) {
    elements[row] = static_cast<T>(column.values[row]);
    if constexpr (std::numeric_limits<T>::has_quiet_NaN) {
      if (!column.is_run[row]) elements[row] = std::numeric_limits<T>::quiet_NaN();
    }
  }
  return elements;
}

// Counts of the denominator; empty where a value is none.
std::vector<std::uint16_t> counts_of(const GatheredColumn& column, std::uint32_t denominator) {
  std::vector<std::uint16_t> counts;
  if (denominator == 0) return counts;
  counts.reserve(column.values.size());
  for (std::size_t row = 0; row < column.values.size(); ++row) {
    const auto count = count_of(column.values[row], denominator);
    if (!count) return {};
    counts.push_back(column.is_run[row] ? *count : kNoRunCount);
  }
  return counts;
}

}  // namespace

std::uint32_t find_denominator(std::span<const double> values) {
  const auto fits = [&](std::uint32_t denominator) {
    std::size_t misses_left = values.size() / 10;
    for (const double value : values) {
      if (!count_of(value, denominator) && misses_left-- == 0) return false;
    }
    return true;
  };
  if (fits(kOfficialDenominator)) return kOfficialDenominator;
  for (std::uint32_t denominator = 1; denominator <= kMaxDenominator; ++denominator) {
    if (fits(denominator)) return denominator;
  }
  return 0;
}

// ---------------------------------------------------------------- placing

IndexAssembly::IndexAssembly(const RunTable& table, const IndexView* base, int threads)
    : table_(table), base_(base), threads_(threads) {
  if (table.size() == 0 && !base) {
    throw std::invalid_argument("no runs: an index holds one at least");
  }
  find_cells();
  find_budgets();
  place_runs();
  find_order();
  summary_.cells = cells_.size();
  summary_.runs = table.size() - summary_.replaced_runs + (base ? base->header().num_runs : 0);
  for (const Budget& budget : budgets_) {
    summary_.missing_runs += std::uint64_t{budget.repeats} * cells_.size();
  }
  summary_.missing_runs -= summary_.runs;
  summary_.official_order = order_.empty();
}

void IndexAssembly::find_cells() {
  std::vector<bool> present(kNumCells);
  for (const std::int32_t id : table_.cell_ids_) present[id] = true;
  std::vector<std::uint32_t> base_rows(kNumCells, kNone);
  for (std::uint32_t row = 0; base_ && row < base_->num_rows(); ++row) {
    const std::int32_t id = base_->cell_id(row);
    if (id < 0 || id >= kNumCells) throw FormatError(base_->source(), 0, "a cell id out of range");
    present[id] = true;
    base_rows[id] = row;
  }
  rows_.assign(kNumCells, 0);
  for (std::int32_t id = 0; id < kNumCells; ++id) {
    if (!present[id]) continue;
    rows_[id] = static_cast<std::uint32_t>(cells_.size());
    cells_.push_back(id);
    base_rows_.push_back(base_rows[id]);
    hashes_.push_back(base_rows[id] == kNone ? SearchSpace::instance().hash(id)
                                             : base_->hashes()[base_rows[id]]);
  }
}

void IndexAssembly::find_budgets() {
  std::set<std::uint32_t> all;
  std::uint32_t before = 0;
  for (const std::uint32_t epochs : table_.epochs_) {
    if (epochs != before) all.insert(epochs);
    before = epochs;
  }
  for (std::size_t budget = 0; base_ && budget < base_->budgets().size(); ++budget) {
    all.insert(base_->budgets()[budget].epochs);
  }
  if (all.size() > kMostBudgets) {
    throw std::invalid_argument(std::to_string(all.size()) + " different epochs; at most " +
                                std::to_string(kMostBudgets) + " are allowed");
  }
  for (const std::uint32_t epochs : all) {
    budgets_.push_back({epochs, 0});
    base_budgets_.push_back(kNone);
  }
  for (std::uint32_t budget = 0; base_ && budget < base_->budgets().size(); ++budget) {
    base_budgets_[budget_of(base_->budgets()[budget].epochs)] = budget;
  }
}

std::size_t IndexAssembly::budget_of(std::uint32_t epochs) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(budgets_, epochs, {}, &Budget::epochs) -
                                  budgets_.begin());
}

std::uint32_t IndexAssembly::row_of(std::uint32_t run) const {
  return rows_[table_.cell_ids_[run]];
}

// As the order section has it.
std::uint32_t IndexAssembly::record_of(std::uint32_t run) const {
  return static_cast<std::uint32_t>((row_of(run) * budgets_.size()) +
                                    budget_of(table_.epochs_[run]));
}

void IndexAssembly::place_runs() {
  runs_.resize(budgets_.size());
  for (std::size_t budget = 0; budget < budgets_.size(); ++budget) {
    BudgetRuns& runs = runs_[budget];
    runs.counts.resize(cells_.size());
    for (std::uint32_t row = 0; row < cells_.size(); ++row) {
      runs.counts[row] = static_cast<std::uint16_t>(base_count(row, budget));
    }
    const std::uint32_t base_budget = base_budgets_[budget];
    if (base_budget != kNone) runs.repeats.resize(base_->budgets()[base_budget].repeats);
  }
  is_replacement_.assign(table_.size(), false);
  // The runs of the table are counted from 0, whatever the base has.
  std::vector<std::vector<std::uint16_t>> counts(budgets_.size(),
                                                 std::vector<std::uint16_t>(cells_.size()));
  for (std::uint32_t run = 0; run < table_.size(); ++run) {
    const std::size_t budget = budget_of(table_.epochs_[run]);
    place(run, budget, counts[budget][row_of(run)]++);
  }
  for (std::size_t b = 0; b < budgets_.size(); ++b) {
    budgets_[b].repeats = static_cast<std::uint32_t>(runs_[b].repeats.size());
  }
}

// How many runs of the base a row has.
std::uint32_t IndexAssembly::base_count(std::uint32_t row, std::size_t budget) const {
  if (base_rows_[row] == kNone || base_budgets_[budget] == kNone) return 0;
  return base_->run_count(base_rows_[row], base_budgets_[budget]);
}

void IndexAssembly::place(std::uint32_t run, std::size_t budget, std::size_t repeat) {
  const std::uint32_t row = row_of(run);
  BudgetRuns& runs = runs_[budget];
  if (repeat >= kNoRunCount - 1) throw std::invalid_argument("a cell has over 65534 repeats");
  if (repeat == runs.repeats.size()) runs.repeats.emplace_back();
  if (runs.repeats[repeat].empty()) runs.repeats[repeat].assign(cells_.size(), kNone);
  if (is_repeated(run, budget, repeat)) ++summary_.repeated_runs;
  if (repeat < runs.counts[row]) {
    is_replacement_[run] = true;
    ++summary_.replaced_runs;
  } else {
    ++runs.counts[row];
  }
  runs.repeats[repeat][row] = run;
}

bool IndexAssembly::is_repeated(std::uint32_t run, std::size_t budget, std::size_t repeat) const {
  const std::uint32_t row = row_of(run);
  for (std::size_t earlier = 0; earlier < repeat; ++earlier) {
    const std::vector<std::uint32_t>& runs = runs_[budget].repeats[earlier];
    const bool is_base = runs.empty() || runs[row] == kNone;
    const bool equal =
        is_base ? is_equal(run, base_->run(base_rows_[row], base_budgets_[budget], earlier))
                : are_equal(run, runs[row]);
    if (equal) return true;
  }
  return false;
}

bool IndexAssembly::is_equal(std::uint32_t run, const Run& other) const {
  if (table_.total_times_[run] != other.metrics.total_time) return false;
  for (std::size_t slot = 0; slot < RunTable::kStagedColumns; ++slot) {
    const auto metric = static_cast<Metric>(slot / kNumStages);
    const auto stage = static_cast<Stage>(slot % kNumStages);
    if (table_.staged_[slot][run] != value_of(other, metric, stage)) return false;
  }
  return true;
}

bool IndexAssembly::are_equal(std::uint32_t run, std::uint32_t other) const {
  return table_.total_times_[run] == table_.total_times_[other] &&
         std::ranges::all_of(table_.staged_, [&](const ExactColumn& column) {
           return column[run] == column[other];
         });
}

// Official order is by hash, then epochs, then repeat; another one is kept. An update keeps the
// places of the base's records and puts new ones behind them; a base in official order stays so.
void IndexAssembly::find_order() {
  if (base_ && base_->order().empty()) return;
  std::vector<std::uint32_t> records;
  if (base_) append_base_order(records);
  for (std::uint32_t run = 0; run < table_.size(); ++run) {
    if (!is_replacement_[run]) records.push_back(record_of(run));
  }
  if (!is_official(records)) order_ = std::move(records);
}

void IndexAssembly::append_base_order(std::vector<std::uint32_t>& records) const {
  const auto base_budgets = static_cast<std::uint32_t>(base_->budgets().size());
  for (const std::uint32_t record : base_->order()) {
    const std::uint32_t base_row = record / base_budgets;
    if (base_row >= base_->num_rows()) {
      throw FormatError(base_->source(), 0, "the order of its records names no cell");
    }
    const std::uint32_t epochs = base_->budgets()[record % base_budgets].epochs;
    const std::uint32_t row = rows_[base_->cell_id(base_row)];
    records.push_back(static_cast<std::uint32_t>((row * budgets_.size()) + budget_of(epochs)));
  }
}

bool IndexAssembly::is_official(const std::vector<std::uint32_t>& records) const {
  const auto comes_before = [&](std::uint32_t a, std::uint32_t b) {
    const std::size_t row_a = a / budgets_.size();
    const std::size_t row_b = b / budgets_.size();
    return row_a == row_b ? a < b : hashes_[row_a] < hashes_[row_b];
  };
  return std::ranges::is_sorted(records, comes_before);
}

bool IndexAssembly::has_all_cells() const {
  return cells_.size() == static_cast<std::size_t>(kNumCells);
}

std::size_t IndexAssembly::count_sections() const {
  std::size_t count = 4;  // provenance, hashes, pilots, slots
  count += has_all_cells() ? 0 : 1;
  count += order_.empty() ? 0 : 1;
  for (const Budget& budget : budgets_) {
    count += 1 + (budget.repeats * (RunTable::kStagedColumns + kNumMetrics - kNumStagedMetrics));
  }
  return count;
}

// Some thousand accuracies, evenly from all runs.
std::vector<double> IndexAssembly::sample_accuracies() const {
  constexpr std::size_t kRuns = 300;
  std::vector<double> values;
  const std::size_t step = std::max<std::size_t>(1, table_.size() / kRuns);
  for (std::size_t run = 0; run < table_.size(); run += step) {
    for (std::size_t slot = 0; slot < std::size_t{3} * kNumStages; ++slot) {
      values.push_back(table_.staged_[slot][run]);
    }
  }
  return values;
}

// ---------------------------------------------------------------- writing

WrittenIndex IndexAssembly::write(const std::string& path, std::string_view provenance,
                                  std::uint32_t denominator) {
  if (denominator > kMaxDenominator) {
    throw std::invalid_argument("denominator " + std::to_string(denominator) + "; at most " +
                                std::to_string(kMaxDenominator) + " is allowed");
  }
  IndexWriter writer(path, budgets_, count_sections());
  const std::uint32_t base_denominator = base_ ? base_->header().denominator : 0;
  denominator_ = denominator        ? denominator
                 : base_denominator ? base_denominator
                                    : find_denominator(sample_accuracies());
  writer.header().num_cells = static_cast<std::uint32_t>(cells_.size());
  writer.header().num_runs = summary_.runs;
  writer.header().denominator = denominator_;
  written_ = {};
  write_cells(writer, provenance);
  for (std::size_t budget = 0; budget < budgets_.size(); ++budget) write_budget(writer, budget);
  written_.denominator = denominator_;
  written_.bytes = writer.commit();
  return written_;
}

void IndexAssembly::write_cells(IndexWriter& writer, std::string_view provenance) const {
  const PerfectHashTables tables = build_perfect_hash(hashes_);
  writer.add({SectionKind::provenance, ElementType::bytes}, as_bytes(provenance));
  if (!has_all_cells()) writer.add({SectionKind::cells, ElementType::i32}, bytes_of(cells_));
  writer.add({SectionKind::hashes, ElementType::digest}, bytes_of(hashes_));
  writer.add({SectionKind::pilots, ElementType::u16}, bytes_of(tables.pilots));
  writer.add({SectionKind::slots, ElementType::i32}, bytes_of(tables.rows));
  if (!order_.empty()) writer.add({SectionKind::order, ElementType::u32}, bytes_of(order_));
}

void IndexAssembly::write_budget(IndexWriter& writer, std::size_t budget) {
  EncodedColumn counts{{SectionKind::run_counts}};
  counts.entry.budget = static_cast<std::uint16_t>(budget);
  counts.set(ElementType::u16, runs_[budget].counts);
  counts.write(writer);
  SectionEntry entry{SectionKind::column};
  entry.budget = counts.entry.budget;
  for (std::size_t repeat = 0; repeat < budgets_[budget].repeats; ++repeat) {
    entry.repeat = static_cast<std::uint16_t>(repeat);
    write_run(writer, entry);
  }
}

// Columns are encoded by several threads, and written in their order.
void IndexAssembly::write_run(IndexWriter& writer, SectionEntry entry) {
  std::vector<EncodedColumn> columns;
  for (int metric = 0; metric < kNumMetrics; ++metric) {
    entry.metric = static_cast<Metric>(metric);
    const int stages = is_staged(entry.metric) ? kNumStages : 1;
    for (int stage = 0; stage < stages; ++stage) {
      entry.stage = static_cast<Stage>(stage);
      columns.push_back({entry});
    }
  }
  parallel_for(
      columns.size(), threads_,
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) columns[i] = encode(columns[i].entry);
      },
      1);
  for (const EncodedColumn& column : columns) {
    if (column.is_wide) written_.wide_columns.push_back(describe(column.entry));
    column.write(writer);
  }
}

GatheredColumn IndexAssembly::gather(const SectionEntry& entry) const {
  GatheredColumn result{std::vector<double>(cells_.size()),
                        std::vector<std::uint8_t>(cells_.size())};
  if (base_budgets_[entry.budget] != kNone) gather_base(entry, result);
  const std::vector<std::uint32_t>& runs = runs_[entry.budget].repeats[entry.repeat];
  const auto gather_from = [&](const auto& column) {
    for (std::size_t row = 0; row < runs.size(); ++row) {
      if (runs[row] == kNone) continue;
      result.is_run[row] = 1;
      result.values[row] = static_cast<double>(column[runs[row]]);
    }
  };
  const std::size_t slot =
      (static_cast<std::size_t>(entry.metric) * kNumStages) + static_cast<std::size_t>(entry.stage);
  if (entry.metric == Metric::graph) {
    gather_from(table_.graphs_);
  } else if (entry.metric == Metric::trainable_parameters) {
    gather_from(table_.parameters_);
  } else {
    const ExactColumn& column =
        is_staged(entry.metric) ? table_.staged_[slot] : table_.total_times_;
    if (column.is_wide()) {
      gather_from(column.wide());
    } else {
      gather_from(column.narrow());
    }
  }
  return result;
}

void IndexAssembly::gather_base(const SectionEntry& entry, GatheredColumn& result) const {
  const std::uint32_t budget = base_budgets_[entry.budget];
  if (entry.repeat >= base_->budgets()[budget].repeats) return;
  const Column& column = base_->column(entry.metric, entry.stage, budget, entry.repeat);
  for (std::size_t row = 0; row < cells_.size(); ++row) {
    const std::uint32_t base_row = base_rows_[row];
    if (base_row == kNone || entry.repeat >= base_->run_count(base_row, budget)) continue;
    result.is_run[row] = 1;
    result.values[row] = column[base_row];
  }
}

// In the first of the types, narrowest first, that holds every value exactly.
EncodedColumn IndexAssembly::encode(const SectionEntry& entry) const {
  const GatheredColumn column = gather(entry);
  EncodedColumn encoded{entry};
  if (entry.metric == Metric::graph) {
    encoded.set(ElementType::u32, narrowed<std::uint32_t>(column));
    return encoded;
  }
  if (entry.metric == Metric::trainable_parameters) {
    encoded.set(ElementType::i32, narrowed<std::int32_t>(column));
    return encoded;
  }
  if (is_accuracy(entry.metric)) {
    const std::vector<std::uint16_t> counts = counts_of(column, denominator_);
    if (!counts.empty()) {
      encoded.set(ElementType::counts, counts);
      return encoded;
    }
  }
  const bool narrow = std::ranges::all_of(column.values, holds<float>);
  encoded.is_wide = narrow ? is_accuracy(entry.metric) : entry.metric != Metric::total_time;
  if (narrow) {
    encoded.set(ElementType::f32, narrowed<float>(column));
  } else {
    encoded.set(ElementType::f64, narrowed<double>(column));
  }
  return encoded;
}

}  // namespace nb101
