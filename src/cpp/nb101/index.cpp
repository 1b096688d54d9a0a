#include "nb101/index.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "nb101/error.hpp"
#include "nb101/exact.hpp"
#include "nb101/prune.hpp"
#include "nb101/stop.hpp"

namespace nb101 {
namespace {

template <class T>
std::span<const T> elements(Bytes bytes) noexcept {  // sections are aligned to 64 bytes
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

// Returns whether the code is a graph of the cell in the form in which an index stores graphs. The
// representative is such a graph, so the search space answers most calls quickly.
bool is_stored_graph(Code code, std::int32_t cell_id) noexcept {
  const SearchSpace& space = SearchSpace::instance();
  if (cell_id < 0 || cell_id >= kNumCells || space.id(code) != cell_id) return false;
  return code == space.codes()[static_cast<std::size_t>(cell_id)] || is_pruned(code);
}

}  // namespace

IndexView::IndexView(Bytes file, std::string source, Verify level)
    : file_(file), source_(std::move(source)), directory_(read_directory(file, source_)) {
  run_counts_.resize(budgets().size());
  std::size_t num_columns = 0;
  for (const Budget& budget : budgets()) {
    first_column_.push_back(num_columns);
    num_columns += budget.repeats * kNumColumns;
  }
  if (num_columns > sections().size()) fail("it has fewer sections than its budgets need columns");
  columns_.resize(num_columns);
  for (const SectionEntry& section : sections()) take_section(section);
  check_complete();
  check_labels();
  verify(level);
}

void IndexView::verify(Verify level) const {
  if (level == Verify::header) return;
  check_sections(directory_, file_, source_);
  check_runs();
  if (level == Verify::full) check_contents();
}

std::string IndexView::describe(const SectionEntry& section) const {
  const auto own = std::ranges::find(own_columns_, &section, &Column::entry);
  const auto number = static_cast<std::size_t>(own - own_columns_.begin());
  if (number >= std::min(own_columns_.size(), labels_.size())) return nb101::describe(section);
  return sentence(nb101::describe(section), " ", text_of(labels_[number].name));
}

void IndexView::fail_with(const SectionEntry& section,
                          std::initializer_list<SentencePart> parts) const {
  throw FormatError(source_, section.offset, sentence(describe(section), ": ", sentence_of(parts)));
}

void IndexView::fail_with(std::initializer_list<SentencePart> parts) const {
  throw FormatError(source_, 0, sentence_of(parts));
}

const SectionEntry& IndexView::entry_of(SectionKind kind) const noexcept {
  return *std::ranges::find(sections(), kind, &SectionEntry::kind);
}

template <class T>
void IndexView::take(const SectionEntry& section, std::span<const T>& place) const {
  if (!place.empty()) fail(section, "it is there twice");
  place = elements<T>(file_.subspan(section.offset, section.bytes));
}

void IndexView::take_column(const SectionEntry& section, Column& place) const {
  if (place.data) fail(section, "it is there twice");
  place = {section.type, section.is_constant(), header().denominator, nullptr, &section};
  place.data = place.constant ? section.constant.data() : file_.data() + section.offset;
}

void IndexView::take_section(const SectionEntry& section) {
  switch (section.kind) {
    case SectionKind::provenance:
      return take(section, provenance_);
    case SectionKind::cells:
      return take(section, cells_);
    case SectionKind::hashes:
      return take(section, hashes_);
    case SectionKind::pilots:
      return take(section, pilots_);
    case SectionKind::slots:
      return take(section, slots_);
    case SectionKind::order:
      return take(section, order_);
    case SectionKind::labels:
      return take(section, labels_);
    case SectionKind::own_column:
      return take_column(section, own_columns_.emplace_back());
    case SectionKind::run_counts:
      return take_column(section, run_counts_[section.budget]);
    case SectionKind::column:
      return take_column(section,
                         columns_[first_column_[section.budget] + section.repeat * kNumColumns +
                                  column_slot(section.metric, section.stage)]);
  }
}

void IndexView::check_complete() const {
  if (cells_.empty() && num_rows() != static_cast<std::size_t>(kNumCells)) {
    fail("the section cells is missing");
  }
  if (hashes_.empty() || pilots_.empty() || slots_.empty() || provenance_.empty()) {
    fail("the section provenance, hashes, pilots or slots is missing");
  }
  for (const Column& counts : run_counts_) {
    if (!counts.data) fail("the section run counts of a budget is missing");
  }
  for (const Column& column : columns_) {
    if (!column.data) fail("the section of a column is missing");
  }
}

void IndexView::check_labels() const {
  if (labels_.size() != own_columns_.size()) {
    fail("it has ", labels_.size(), " labels, but ", own_columns_.size(), " own columns");
  }
  if (labels_.empty()) return;
  // Own columns may share their bytes in the file, but each takes memory when it is read. This
  // bounds the memory of all of them.
  if (labels_.size() * num_rows() > file_.size()) {
    fail(entry_of(SectionKind::labels),
         "all own columns times all cells are more than the size of the file in bytes");
  }
  std::set<std::string_view> names;
  for (const Label& label : labels_) {
    if (const std::string fault = fault_of(label); !fault.empty()) {
      fail(entry_of(SectionKind::labels), fault);
    }
    if (!names.insert(text_of(label.name)).second) {
      fail(entry_of(SectionKind::labels), "two labels have the name '", text_of(label.name), "'");
    }
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
  return columns_.at(first_column_.at(budget) + repeat * kNumColumns + column_slot(metric, stage));
}

std::uint32_t IndexView::run_count(std::size_t row, std::size_t budget) const noexcept {
  const auto count = static_cast<std::uint32_t>(run_counts_[budget][row]);
  return std::min(count, budgets()[budget].repeats);
}

Series IndexView::series(Metric metric, Stage stage, std::size_t budget) const {
  return {&column(metric, stage, budget, 0), &run_counts_[budget], budgets()[budget].repeats};
}

Run IndexView::run(std::size_t row, std::size_t budget, std::size_t repeat) const {
  const auto value = [&](Metric metric, Stage stage) {
    return column(metric, stage, budget, repeat)[row];
  };
  Run run;
  run.graph = static_cast<Code>(value(Metric::graph, Stage::start));
  run.cell_id = cell_id(row);
  if (!is_stored_graph(run.graph, run.cell_id)) {
    fail(*column(Metric::graph, Stage::start, budget, repeat).entry, "its element at row ", row,
         ", ", run.graph, ", is no pruned graph of cell ", run.cell_id);
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

Findings IndexView::findings() const {
  Findings findings;
  std::uint64_t number = 0;
  for (std::size_t row = 0; row < num_rows(); ++row) {
    check_stop();
    for (std::size_t budget = 0; budget < budgets().size(); ++budget) {
      const std::uint32_t runs = run_count(row, budget);
      for (std::uint32_t repeat = 0; repeat < runs; ++repeat) {
        findings.inspect(run(row, budget, repeat), number++);
      }
    }
  }
  return findings;
}

// Checks which runs there are. Where the sections disagree about that, a copy would lose some.
void IndexView::check_runs() const {
  check_cells();
  check_run_counts();
  if (!order_.empty()) check_order();
}

void IndexView::check_contents() const {
  check_hashes();
  for (const Column& column : columns_) check_column(column);
  for (const Column& column : own_columns_) check_own_column(column);
}

void IndexView::check_cells() const {
  for (std::size_t row = 0; row < cells_.size(); ++row) {
    const std::int32_t before = row ? cells_[row - 1] : -1;
    if (cells_[row] <= before || cells_[row] >= kNumCells) {
      fail(entry_of(SectionKind::cells), "id ", cells_[row], " at row ", row,
           " is not above the one before it, or not below ", kNumCells);
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
      fail(entry_of(SectionKind::hashes), to_hex(hash), " is not the hash of cell ", cell_id(row));
    }
    if (function.row(hash) != static_cast<std::int32_t>(row)) {
      fail(entry_of(SectionKind::slots), "the perfect hash does not find hash ", to_hex(hash));
    }
  }
  const auto filled = std::ranges::count_if(slots_, [](auto slot) { return slot != kEmptySlot; });
  if (static_cast<std::size_t>(filled) != num_rows()) {
    fail(entry_of(SectionKind::slots), filled, " slots are filled, but there are ", num_rows(),
         " rows; each row must be in one slot, and -1 in all others");
  }
}

void IndexView::check_run_counts() const {
  std::uint64_t runs = 0;
  for (std::size_t budget = 0; budget < budgets().size(); ++budget) {
    const Column& counts = run_counts_[budget];
    std::uint32_t most = 0;
    for (std::size_t row = 0; row < num_rows(); ++row) {
      const auto count = load<std::uint16_t>(counts.element(row));
      runs += count;
      most = std::max<std::uint32_t>(most, count);
    }
    if (most != budgets()[budget].repeats) {
      fail(*counts.entry, "the most runs of a cell are ", most, ", but the budget has ",
           budgets()[budget].repeats, " repeats");
    }
    check_stop();
  }
  if (runs != header().num_runs) {
    fail(*run_counts_.front().entry, "the run counts of all budgets add up to ", runs,
         ", but the number of runs is ", header().num_runs);
  }
}

void IndexView::check_order() const {
  std::vector<std::uint32_t> records(num_rows() * budgets().size(), 0);
  for (const std::uint32_t record : order_) {
    if (record >= records.size()) {
      fail(entry_of(SectionKind::order), "it names record ", record, ", but the index has only ",
           records.size(), " pairs of a row and a budget");
    }
    ++records[record];
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i] == run_count(i / budgets().size(), i % budgets().size())) continue;
    fail(entry_of(SectionKind::order), "it names cell ", cell_id(i / budgets().size()),
         " a different number of times than it has runs");
  }
}

void IndexView::check_column(const Column& column) const {
  const SectionEntry& entry = *column.entry;
  for (std::size_t row = 0; row < num_rows(); ++row) {
    const bool has_run = entry.repeat < run_count(row, entry.budget);
    if (is_allowed(column, row, has_run)) continue;
    fail(entry, "the element at row ", row, " is ", column[row],
         has_run ? " in a run" : " where no run is", "; it must be ", section_field(entry).rule);
  }
  check_stop();
}

void IndexView::check_own_column(const Column& column) const {
  for (std::size_t row = 0; row < num_rows(); ++row) {
    if (!std::isinf(column[row])) continue;
    fail(*column.entry, "the element at row ", row, " is infinite; it must be ",
         section_field(*column.entry).rule);
  }
  check_stop();
}

// Returns whether an element is allowed. Without a run, it must be the one that the format has
// there. With a run, a graph must be one of the cell, a count at most the denominator, and a tick
// not the one of a missing run. All other values are allowed, because the findings tell the unusual
// ones.
bool IndexView::is_allowed(const Column& column, std::size_t row, bool has_run) const noexcept {
  switch (column.type) {
    case ElementType::counts:
      return has_run ? load<std::uint16_t>(column.element(row)) <= column.denominator
                     : load<std::uint16_t>(column.element(row)) == kNoRunCount;
    case ElementType::ticks:
      return has_run != load<Ticks>(column.element(row)).is_no_run();
    case ElementType::u32:
      return has_run ? is_stored_graph(load<Code>(column.element(row)), cell_id(row))
                     : load<Code>(column.element(row)) == 0;
    case ElementType::i32:
      return has_run || load<std::int32_t>(column.element(row)) == 0;
    default:
      return has_run || std::isnan(column[row]);
  }
}

}  // namespace nb101
