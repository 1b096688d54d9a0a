#include "nb101/run_table.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>

#include "nb101/file_format.hpp"
#include "nb101/index_writer.hpp"
#include "nb101/perfect_hash.hpp"

namespace nb101 {
namespace {

constexpr std::uint32_t kOfficialDenominator = 9984;  // 39 evaluation batches of 256
constexpr std::uint32_t kNoRun = 0xffffffff;

// A value that is float32(k / d): its k, else none.
std::optional<std::uint16_t> count_of(double value, std::uint32_t denominator) noexcept {
  if (!(value >= 0 && value <= 1)) return std::nullopt;
  const double count = std::nearbyint(value * denominator);
  const float exact = static_cast<float>(count) / static_cast<float>(denominator);
  if (static_cast<double>(exact) != value || std::signbit(value)) return std::nullopt;
  return static_cast<std::uint16_t>(count);
}

template <class T>
bool holds(double value) noexcept {  // to the bit, the sign of zero and NaN too
  const auto narrow = static_cast<double>(static_cast<T>(value));
  return std::bit_cast<std::uint64_t>(narrow) == std::bit_cast<std::uint64_t>(value);
}

}  // namespace

void ExactColumn::push_back(double value) {
  if (!is_wide_ && !holds<float>(value)) {
    wide_.reserve(narrow_.capacity());
    wide_.assign(narrow_.begin(), narrow_.end());
    std::vector<float>().swap(narrow_);
    is_wide_ = true;
  }
  if (is_wide_) {
    wide_.push_back(value);
  } else {
    narrow_.push_back(static_cast<float>(value));
  }
}

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

// ---------------------------------------------------------------- gathering

void RunTable::reserve(std::size_t runs) {
  cell_ids_.reserve(runs);
  epochs_.reserve(runs);
  graphs_.reserve(runs);
  parameters_.reserve(runs);
  total_times_.reserve(runs);
  for (ExactColumn& column : staged_) column.reserve(runs);
}

void RunTable::append(const Run& run) {
  inspect(run);
  cell_ids_.push_back(run.cell_id);
  epochs_.push_back(run.epochs);
  graphs_.push_back(run.graph);
  parameters_.push_back(run.metrics.trainable_parameters);
  total_times_.push_back(run.metrics.total_time);
  for (std::size_t slot = 0; slot < kStagedColumns; ++slot) {
    const auto metric = static_cast<Metric>(slot / kNumStages);
    staged_[slot].push_back(value_of(run, metric, static_cast<Stage>(slot % kNumStages)));
  }
}

void RunTable::inspect(const Run& run) {
  const auto note = [&](Finding& finding, const std::string& what) {
    if (finding.count++ > 0) return;
    finding.first = "run " + std::to_string(size()) + " (cell " + std::to_string(run.cell_id) +
                    ", " + std::to_string(run.epochs) + " epochs): " + what;
  };
  const auto rule = SearchSpace::instance().parameters()[static_cast<std::size_t>(run.cell_id)];
  if (run.metrics.trainable_parameters != static_cast<std::int64_t>(rule)) {
    note(findings_.other_parameters, std::to_string(run.metrics.trainable_parameters) +
                                         " trainable parameters, " + std::to_string(rule) +
                                         " by the rule");
  }
  double time_before = 0;
  for (const Evaluation& evaluation : run.metrics.evaluations) {
    for (const double accuracy :
         {evaluation.train_accuracy, evaluation.validation_accuracy, evaluation.test_accuracy}) {
      if (accuracy >= 0 && accuracy <= 1) continue;
      note(findings_.odd_accuracies, "an accuracy of " + std::to_string(accuracy));
    }
    if (!(evaluation.training_time >= time_before) || std::isinf(evaluation.training_time)) {
      note(findings_.odd_times, "a training time of " + std::to_string(evaluation.training_time) +
                                    " s after " + std::to_string(time_before) + " s");
    }
    time_before = evaluation.training_time;
  }
}

double RunTable::value(std::size_t run, Metric metric, Stage stage) const noexcept {
  switch (metric) {
    case Metric::graph:
      return graphs_[run];
    case Metric::trainable_parameters:
      return parameters_[run];
    case Metric::total_time:
      return total_times_[run];
    default:
      return staged_[static_cast<std::size_t>(metric) * kNumStages +
                     static_cast<std::size_t>(stage)][run];
  }
}

// ---------------------------------------------------------------- writing

// Places runs by row, budget and repeat, and writes them column by column.
class IndexAssembly {
 public:
  explicit IndexAssembly(const RunTable& table) : table_(table) {
    find_cells();
    find_budgets();
    place_runs();
    find_order();
  }

  IndexSummary write(const std::string& path, std::string_view provenance,
                     std::uint32_t denominator) {
    IndexWriter writer(path, budgets_, count_sections());
    denominator_ = denominator ? denominator : find_denominator(sample_accuracies());
    writer.header().num_cells = static_cast<std::uint32_t>(cells_.size());
    writer.header().num_runs = table_.size();
    writer.header().denominator = denominator_;
    write_cells(writer, provenance);
    for (std::size_t budget = 0; budget < budgets_.size(); ++budget) write_budget(writer, budget);
    summary_.cells = cells_.size();
    summary_.runs = table_.size();
    summary_.denominator = denominator_;
    summary_.official_order = order_.empty();
    summary_.bytes = writer.commit();
    return summary_;
  }

 private:
  struct BudgetRuns {
    std::vector<std::uint16_t> counts;                // by row
    std::vector<std::vector<std::uint32_t>> repeats;  // [repeat][row]: run number or kNoRun
  };

  void find_cells() {
    std::vector<bool> present(kNumCells);
    for (const std::int32_t id : table_.cell_ids_) present[id] = true;
    rows_.assign(kNumCells, 0);
    for (std::int32_t id = 0; id < kNumCells; ++id) {
      if (!present[id]) continue;
      rows_[id] = static_cast<std::uint32_t>(cells_.size());
      cells_.push_back(id);
      hashes_.push_back(SearchSpace::instance().hash(id));
    }
  }

  void find_budgets() {
    std::vector<std::uint32_t> epochs = table_.epochs_;
    std::ranges::sort(epochs);
    const auto repeated = std::ranges::unique(epochs);
    epochs.erase(repeated.begin(), repeated.end());
    for (const std::uint32_t e : epochs) budgets_.push_back({e, 0});
    if (epochs.size() > 65535) throw std::invalid_argument("more than 65535 budgets");
  }

  std::size_t budget_of(std::uint32_t epochs) const {
    return static_cast<std::size_t>(
        std::ranges::lower_bound(budgets_, epochs, {}, &Budget::epochs) - budgets_.begin());
  }

  void place_runs() {
    runs_.resize(budgets_.size());
    for (BudgetRuns& runs : runs_) runs.counts.assign(cells_.size(), 0);
    for (std::uint32_t run = 0; run < table_.size(); ++run) {
      BudgetRuns& runs = runs_[budget_of(table_.epochs_[run])];
      const std::uint32_t row = rows_[table_.cell_ids_[run]];
      const std::size_t repeat = runs.counts[row]++;
      if (repeat == kNoRunCount - 1) throw std::invalid_argument("a cell has over 65534 repeats");
      if (repeat == runs.repeats.size()) runs.repeats.emplace_back(cells_.size(), kNoRun);
      runs.repeats[repeat][row] = run;
    }
    for (std::size_t b = 0; b < budgets_.size(); ++b) {
      budgets_[b].repeats = static_cast<std::uint32_t>(runs_[b].repeats.size());
      summary_.missing_runs += budgets_[b].repeats * cells_.size();
    }
    summary_.missing_runs -= table_.size();
  }

  // Official order is by hash, then epochs, then repeat; another one is kept.
  void find_order() {
    const auto record = [&](std::uint32_t run) {
      return std::pair(rows_[table_.cell_ids_[run]],
                       static_cast<std::uint32_t>(budget_of(table_.epochs_[run])));
    };
    bool official = true;
    for (std::uint32_t run = 1; run < table_.size() && official; ++run) {
      const auto [row, budget] = record(run);
      const auto [row_before, budget_before] = record(run - 1);
      official = row == row_before ? budget >= budget_before : hashes_[row] > hashes_[row_before];
    }
    if (official) return;
    for (std::uint32_t run = 0; run < table_.size(); ++run) {
      const auto [row, budget] = record(run);
      order_.push_back(static_cast<std::uint32_t>(row * budgets_.size() + budget));
    }
  }

  // Some thousand accuracies, evenly from all runs.
  std::vector<double> sample_accuracies() const {
    constexpr std::size_t kRuns = 300;
    std::vector<double> values;
    const std::size_t step = std::max<std::size_t>(1, table_.size() / kRuns);
    for (std::size_t run = 0; run < table_.size(); run += step) {
      for (std::size_t slot = 0; slot < 3 * kNumStages; ++slot) {
        values.push_back(table_.staged_[slot][run]);
      }
    }
    return values;
  }

  bool has_all_cells() const { return cells_.size() == static_cast<std::size_t>(kNumCells); }

  std::size_t count_sections() const {
    std::size_t count = 4;  // provenance, hashes, pilots, slots
    count += has_all_cells() ? 0 : 1;
    count += order_.empty() ? 0 : 1;
    for (const Budget& budget : budgets_) {
      count += 1 + budget.repeats * (RunTable::kStagedColumns + kNumMetrics - kNumStagedMetrics);
    }
    return count;
  }

  void write_cells(IndexWriter& writer, std::string_view provenance) {
    const PerfectHashTables tables = build_perfect_hash(hashes_);
    writer.add({SectionKind::provenance, ElementType::bytes}, as_bytes(provenance));
    if (!has_all_cells()) {
      writer.add({SectionKind::cells, ElementType::i32},
                 object_bytes(std::span(std::as_const(cells_))));
    }
    writer.add({SectionKind::hashes, ElementType::digest},
               object_bytes(std::span(std::as_const(hashes_))));
    writer.add({SectionKind::pilots, ElementType::u16}, object_bytes(std::span(tables.pilots)));
    writer.add({SectionKind::slots, ElementType::i32}, object_bytes(std::span(tables.rows)));
    if (!order_.empty()) {
      writer.add({SectionKind::order, ElementType::u32},
                 object_bytes(std::span(std::as_const(order_))));
    }
  }

  void write_budget(IndexWriter& writer, std::size_t budget) {
    const auto number = static_cast<std::uint16_t>(budget);
    const std::vector<std::uint16_t>& counts = runs_[budget].counts;
    SectionEntry entry{SectionKind::run_counts, ElementType::u16};
    entry.budget = number;
    const bool even = std::ranges::all_of(counts, [&](auto count) { return count == counts[0]; });
    if (even) {
      writer.add_constant(entry, counts.data());
    } else {
      writer.add(entry, object_bytes(std::span(counts)));
    }
    for (std::size_t repeat = 0; repeat < budgets_[budget].repeats; ++repeat) {
      SectionEntry column{SectionKind::column, ElementType::f64};
      column.budget = number;
      column.repeat = static_cast<std::uint16_t>(repeat);
      write_run(writer, column, runs_[budget].repeats[repeat]);
    }
  }

  void write_run(IndexWriter& writer, SectionEntry entry, std::span<const std::uint32_t> runs) {
    for (int metric = 0; metric < kNumMetrics; ++metric) {
      entry.metric = static_cast<Metric>(metric);
      const int stages = is_staged(entry.metric) ? kNumStages : 1;
      for (int stage = 0; stage < stages; ++stage) {
        entry.stage = static_cast<Stage>(stage);
        gather(entry, runs);
        write_column(writer, entry);
      }
    }
  }

  void gather(const SectionEntry& entry, std::span<const std::uint32_t> runs) {
    values_.resize(runs.size());
    is_run_.resize(runs.size());
    for (std::size_t row = 0; row < runs.size(); ++row) {
      is_run_[row] = runs[row] != kNoRun;
      values_[row] = is_run_[row] ? table_.value(runs[row], entry.metric, entry.stage) : 0;
    }
  }

  // In the first of the types, narrowest first, that holds every value exactly.
  void write_column(IndexWriter& writer, SectionEntry entry) {
    if (entry.metric == Metric::graph)
      return write_as<std::uint32_t>(writer, entry, ElementType::u32);
    if (entry.metric == Metric::trainable_parameters) {
      return write_as<std::int32_t>(writer, entry, ElementType::i32);
    }
    if (is_accuracy(entry.metric) && write_counts(writer, entry)) return;
    const bool narrow = std::ranges::all_of(values_, holds<float>);
    const bool expected = narrow ? !is_accuracy(entry.metric) : entry.metric == Metric::total_time;
    if (!expected) summary_.wide_columns.push_back(describe(entry));
    if (narrow) return write_as<float>(writer, entry, ElementType::f32);
    write_as<double>(writer, entry, ElementType::f64);
  }

  bool write_counts(IndexWriter& writer, SectionEntry entry) {
    if (denominator_ == 0) return false;
    std::vector<std::uint16_t> counts(values_.size());
    for (std::size_t row = 0; row < values_.size(); ++row) {
      const auto count = count_of(values_[row], denominator_);
      if (!count) return false;
      counts[row] = is_run_[row] ? *count : kNoRunCount;
    }
    write_elements<std::uint16_t>(writer, entry, ElementType::counts, counts);
    return true;
  }

  template <class T>
  void write_as(IndexWriter& writer, SectionEntry entry, ElementType type) {
    std::vector<T> elements(values_.size());
    for (std::size_t row = 0; row < values_.size(); ++row) {
      elements[row] = static_cast<T>(values_[row]);
      if constexpr (std::numeric_limits<T>::has_quiet_NaN) {
        if (!is_run_[row]) elements[row] = std::numeric_limits<T>::quiet_NaN();
      }
    }
    write_elements<T>(writer, entry, type, elements);
  }

  template <class T>
  void write_elements(IndexWriter& writer, SectionEntry entry, ElementType type,
                      std::span<const T> elements) {
    entry.type = type;
    const Bytes bytes = object_bytes(elements);
    const auto same_as_first = [&](const T& element) {
      return std::memcmp(&element, elements.data(), sizeof(T)) == 0;
    };
    if (std::ranges::all_of(elements, same_as_first)) {
      writer.add_constant(entry, elements.data());
    } else {
      writer.add(entry, bytes);
    }
  }

  const RunTable& table_;
  std::vector<std::int32_t> cells_;  // by row
  std::vector<Digest> hashes_;       // by row
  std::vector<std::uint32_t> rows_;  // by cell id
  std::vector<Budget> budgets_;
  std::vector<BudgetRuns> runs_;  // by budget
  std::vector<std::uint32_t> order_;
  std::vector<double> values_;  // of the column at hand, by row
  std::vector<bool> is_run_;    // likewise
  std::uint32_t denominator_ = 0;
  IndexSummary summary_;
};

IndexSummary RunTable::write_index(const std::string& path, std::string_view provenance,
                                   std::uint32_t denominator) const {
  if (size() == 0) throw std::invalid_argument("no runs: an index holds one at least");
  if (denominator > kMaxDenominator) {
    throw std::invalid_argument("denominator " + std::to_string(denominator) + "; at most " +
                                std::to_string(kMaxDenominator) + " is allowed");
  }
  return IndexAssembly(*this).write(path, provenance, denominator);
}

}  // namespace nb101
