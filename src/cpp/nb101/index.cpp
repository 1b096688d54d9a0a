#include "nb101/index.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "nb101/error.hpp"
#include "nb101/exact.hpp"
#include "nb101/stop.hpp"

namespace nb101 {
namespace {

template <class T>
std::span<const T> elements(Bytes bytes) noexcept {  // sections are aligned to 64 bytes
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

bool is_number(ElementType type) noexcept {
  return type != ElementType::bytes && type != ElementType::digest;
}

}  // namespace

double Column::operator[](std::size_t row) const noexcept {
  const std::uint8_t* const at = data + (constant ? 0 : row * element_size(type));
  switch (type) {
    case ElementType::counts:  // the official values are float32(k / d)
      return static_cast<float>(load<std::uint16_t>(at)) / static_cast<float>(denominator);
    case ElementType::ticks:
      return load<Ticks>(at).seconds();
    case ElementType::f32:
      return load<float>(at);
    case ElementType::f64:
      return load<double>(at);
    case ElementType::i32:
      return load<std::int32_t>(at);
    case ElementType::u32:
      return load<std::uint32_t>(at);
    case ElementType::u16:
      return load<std::uint16_t>(at);
    case ElementType::u8:
      return load<std::uint8_t>(at);
    case ElementType::bytes:
    case ElementType::digest:
      break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

IndexView::IndexView(Bytes file, std::string source, Verify verify)
    : file_(file), source_(std::move(source)), directory_(read_directory(file, source_)) {
  run_counts_.resize(budgets().size());
  std::size_t num_columns = 0;
  std::uint32_t epochs_before = 0;
  for (const Budget& budget : budgets()) {
    if (budget.epochs <= epochs_before) fail("its budgets are not ascending");
    if (budget.repeats == 0 || budget.repeats > sections().size()) {
      fail("a budget of " + std::to_string(budget.repeats) + " repeats doesn't fit its " +
           std::to_string(sections().size()) + " sections");
    }
    epochs_before = budget.epochs;
    first_column_.push_back(num_columns);
    num_columns += budget.repeats * kNumColumns;
  }
  if (num_columns > sections().size()) fail("it has fewer columns than its budgets need");
  columns_.resize(num_columns);
  for (const SectionEntry& section : sections()) take_section(section);
  check_complete();
  if (verify != Verify::header) check_sections(directory_, file_, source_);
  if (verify == Verify::full) check_contents();
}

void IndexView::fail(const SectionEntry& section, const std::string& what) const {
  throw FormatError(source_, section.offset, describe(section) + ": " + what);
}

void IndexView::fail(const std::string& what) const { throw FormatError(source_, 0, what); }

Bytes IndexView::section_bytes(const SectionEntry& section, ElementType type,
                               std::size_t elements) const {
  if (section.type != type || section.is_constant()) fail(section, "it is of a wrong type");
  if (section.bytes != elements * element_size(type)) {
    fail(section, "it has " + std::to_string(section.bytes) + " bytes where " +
                      std::to_string(elements * element_size(type)) + " are needed");
  }
  return file_.subspan(section.offset, section.bytes);
}

void IndexView::take_section(const SectionEntry& section) {
  if (is_taken(section)) fail(section, "it is there twice");
  const std::size_t stored = section.bytes / element_size(section.type);
  switch (section.kind) {
    case SectionKind::provenance:
      provenance_ = section_bytes(section, ElementType::bytes, stored);
      break;
    case SectionKind::cells:
      cells_ = elements<std::int32_t>(section_bytes(section, ElementType::i32, num_rows()));
      break;
    case SectionKind::hashes:
      hashes_ = elements<Digest>(section_bytes(section, ElementType::digest, num_rows()));
      break;
    case SectionKind::pilots:
      pilots_ = elements<std::uint16_t>(section_bytes(section, ElementType::u16, stored));
      break;
    case SectionKind::slots:
      slots_ = elements<std::int32_t>(section_bytes(section, ElementType::i32, stored));
      break;
    case SectionKind::order:
      order_ = elements<std::uint32_t>(section_bytes(section, ElementType::u32, header().num_runs));
      break;
    case SectionKind::run_counts:
      if (section.budget >= budgets().size() || section.type != ElementType::u16) {
        fail(section, "its budget or its type is not one of run counts");
      }
      run_counts_[section.budget] = take_column(section);
      break;
    case SectionKind::column: {
      if (section.budget >= budgets().size() ||
          section.repeat >= budgets()[section.budget].repeats) {
        fail(section, "the file has no such budget or repeat");
      }
      const std::size_t run = section.repeat * kNumColumns;
      columns_[first_column_[section.budget] + run + column_slot(section.metric, section.stage)] =
          take_column(section);
      break;
    }
  }
}

bool IndexView::is_taken(const SectionEntry& section) const noexcept {
  switch (section.kind) {
    case SectionKind::provenance:
      return !provenance_.empty();
    case SectionKind::cells:
      return !cells_.empty();
    case SectionKind::hashes:
      return !hashes_.empty();
    case SectionKind::pilots:
      return !pilots_.empty();
    case SectionKind::slots:
      return !slots_.empty();
    case SectionKind::order:
      return !order_.empty();
    case SectionKind::run_counts:
      return section.budget < run_counts_.size() && run_counts_[section.budget].data;
    case SectionKind::column:
      break;
  }
  if (section.budget >= budgets().size() || section.repeat >= budgets()[section.budget].repeats) {
    return false;
  }
  return columns_[first_column_[section.budget] + section.repeat * kNumColumns +
                  column_slot(section.metric, section.stage)]
      .has_value();
}

Column IndexView::take_column(const SectionEntry& section) const {
  if (!is_number(section.type)) fail(section, "its elements are not numbers");
  if (section.type == ElementType::counts && header().denominator == 0) {
    fail(section, "it holds counts, but the header has no denominator");
  }
  Column column{section.type, section.is_constant(), header().denominator, nullptr};
  column.data = column.constant ? section.constant.data()
                                : section_bytes(section, section.type, num_rows()).data();
  return column;
}

void IndexView::check_complete() const {
  if (budgets().empty()) fail("it has no budget; an index has at least one");
  if (num_rows() == 0 || num_rows() > static_cast<std::size_t>(kNumCells)) {
    fail("it holds " + std::to_string(num_rows()) + " cells; 1 to " + std::to_string(kNumCells) +
         " are allowed");
  }
  if (cells_.empty() && num_rows() != static_cast<std::size_t>(kNumCells)) {
    fail("the section of its cells is missing");
  }
  if (hashes_.empty() || pilots_.empty() || slots_.empty() || provenance_.empty()) {
    fail("a section of its hashes or its provenance is missing");
  }
  for (const Column& counts : run_counts_) {
    if (!counts.data) fail("the run counts of a budget are missing");
  }
  for (const auto& column : columns_) {
    if (!column) fail("a column is missing");
  }
}

std::optional<std::size_t> IndexView::row_of(std::int32_t cell_id) const noexcept {
  if (cell_id < 0 || cell_id >= kNumCells) return std::nullopt;
  if (is_complete()) return static_cast<std::size_t>(cell_id);
  const auto found = std::ranges::lower_bound(cells_, cell_id);
  if (found == cells_.end() || *found != cell_id) return std::nullopt;
  return static_cast<std::size_t>(found - cells_.begin());
}

const Column& IndexView::column(Metric metric, Stage stage, std::size_t budget,
                                std::size_t repeat) const {
  return *columns_.at(first_column_.at(budget) + repeat * kNumColumns + column_slot(metric, stage));
}

std::uint32_t IndexView::run_count(std::size_t row, std::size_t budget) const noexcept {
  const auto count = static_cast<std::uint32_t>(run_counts_[budget][row]);
  return std::min(count, budgets()[budget].repeats);
}

double IndexView::mean(Metric metric, Stage stage, std::size_t budget,
                       std::size_t row) const noexcept {
  const std::uint32_t runs = run_count(row, budget);
  double sum = 0;
  for (std::uint32_t repeat = 0; repeat < runs; ++repeat) {
    sum += column(metric, stage, budget, repeat)[row];
  }
  return runs ? sum / runs : std::numeric_limits<double>::quiet_NaN();
}

Run IndexView::run(std::size_t row, std::size_t budget, std::size_t repeat) const {
  const auto value = [&](Metric metric, Stage stage) {
    return column(metric, stage, budget, repeat)[row];
  };
  Run run;
  run.graph = static_cast<Code>(value(Metric::graph, Stage::start));
  run.cell_id = cell_id(row);
  if (run.cell_id == kNoCell || SearchSpace::instance().id(run.graph) != run.cell_id) {
    fail("the graph stored for cell " + std::to_string(run.cell_id) + " is not that cell's");
  }
  run.epochs = budgets()[budget].epochs;
  run.metrics.trainable_parameters =
      static_cast<std::int32_t>(value(Metric::trainable_parameters, Stage::start));
  run.metrics.total_time = value(Metric::total_time, Stage::start);
  for (std::size_t i = 0; i < kNumStages; ++i) {
    const auto stage = static_cast<Stage>(i);
    run.metrics.evaluations[i] = {
        value(Metric::current_epoch, stage), value(Metric::training_time, stage),
        value(Metric::train_accuracy, stage), value(Metric::validation_accuracy, stage),
        value(Metric::test_accuracy, stage)};
  }
  return run;
}

void IndexView::find(std::span<const Digest> hashes, std::int32_t* ids, int threads) const {
  const PerfectHash function(pilots_, slots_);
  parallel_for(hashes.size(), threads, [&](std::size_t begin, std::size_t end) {
    const std::span part(ids + begin, end - begin);
    find_rows(function, hashes_, hashes.subspan(begin, end - begin), part.data());
    if (is_complete()) return;  // the row of a cell is then its id
    for (std::int32_t& id : part) {
      id = id == kEmptySlot ? kNoCell : cell_id(static_cast<std::size_t>(id));
    }
  });
}

void IndexView::check_contents() const {
  check_cells();
  check_hashes();
  std::uint64_t runs = 0;
  for (std::size_t budget = 0; budget < budgets().size(); ++budget) {
    check_runs(budget);
    std::uint32_t most = 0;
    for (std::size_t row = 0; row < num_rows(); ++row) {
      check_stop();
      runs += run_count(row, budget);
      most = std::max(most, run_count(row, budget));
    }
    if (most != budgets()[budget].repeats) fail("a budget has more repeats than any cell");
  }
  if (runs != header().num_runs) {
    fail("its run counts add up to " + std::to_string(runs) + ", but its header says " +
         std::to_string(header().num_runs));
  }
  if (!order_.empty()) check_order();
}

void IndexView::check_order() const {
  std::vector<std::uint32_t> records(num_rows() * budgets().size(), 0);
  for (const std::uint32_t record : order_) {
    if (record >= records.size()) fail("the order of its records names a cell that it lacks");
    ++records[record];
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i] != run_count(i / budgets().size(), i % budgets().size())) {
      fail("the order of its records names cell " + std::to_string(cell_id(i / budgets().size())) +
           " a different number of times than it has runs");
    }
  }
}

void IndexView::check_cells() const {
  for (std::size_t row = 0; row < cells_.size(); ++row) {
    const std::int32_t before = row ? cells_[row - 1] : -1;
    if (cells_[row] <= before || cells_[row] >= kNumCells) {
      fail("cell id " + std::to_string(cells_[row]) + " at row " + std::to_string(row) +
           " is not above the one before it, or not below " + std::to_string(kNumCells));
    }
  }
}

void IndexView::check_hashes() const {
  const SearchSpace& space = SearchSpace::instance();
  const PerfectHash function(pilots_, slots_);
  for (std::size_t row = 0; row < num_rows(); ++row) {
    check_stop();
    const Digest& hash = hashes_[row];
    if (hash != space.hash(cell_id(row))) {
      fail("hash " + to_hex(hash) + " is not that of cell " + std::to_string(cell_id(row)));
    }
    if (function.row(hash) != static_cast<std::int32_t>(row)) {
      fail("its perfect hash does not find hash " + to_hex(hash));
    }
  }
  const auto filled = std::ranges::count_if(slots_, [](auto slot) { return slot != kEmptySlot; });
  if (static_cast<std::size_t>(filled) != num_rows()) fail("a slot of its perfect hash has no row");
}

void IndexView::check_runs(std::size_t budget) const {
  const SearchSpace& space = SearchSpace::instance();
  for (std::size_t row = 0; row < num_rows(); ++row) {
    check_stop();
    const auto where = [&] {
      return " of cell " + std::to_string(cell_id(row)) + " at " +
             std::to_string(budgets()[budget].epochs) + " epochs";
    };
    if (run_counts_[budget][row] > budgets()[budget].repeats) {
      fail("it has too many runs" + where());
    }
    for (std::size_t repeat = 0; repeat < budgets()[budget].repeats; ++repeat) {
      const bool has_run = repeat < run_count(row, budget);
      const double graph = column(Metric::graph, Stage::start, budget, repeat)[row];
      if (has_run && space.id(static_cast<Code>(graph)) != cell_id(row)) {
        fail("a stored graph is not that" + where());
      }
      for (int metric = 0; metric < kNumStagedMetrics; ++metric) {
        for (int stage = 0; stage < kNumStages; ++stage) {
          const Column& values = column(Metric{static_cast<std::uint8_t>(metric)},
                                        Stage{static_cast<std::uint8_t>(stage)}, budget, repeat);
          check_element(values, row, has_run, where);
        }
      }
      check_element(column(Metric::total_time, Stage::start, budget, repeat), row, has_run, where);
    }
  }
}

// Checks that a count is not above the denominator, and that an element without a run is what the
// format has in such a place.
template <class Where>
void IndexView::check_element(const Column& column, std::size_t row, bool has_run,
                              Where where) const {
  const double value = column[row];
  if (column.type == ElementType::counts) {
    const auto stored = load<std::uint16_t>(column.data + (column.constant ? 0 : 2 * row));
    if (has_run && value > 1) fail("it has a count above the denominator in a run" + where());
    if (!has_run && stored != kNoRunCount) fail("it has a count without a run" + where());
  } else if (column.type == ElementType::ticks) {
    const auto stored = load<Ticks>(column.data + (column.constant ? 0 : sizeof(Ticks) * row));
    if (has_run == stored.is_no_run()) fail("it has a time without a run, or none" + where());
  } else if (!has_run && !std::isnan(value)) {
    fail("it has a value without a run" + where());
  }
}

}  // namespace nb101
