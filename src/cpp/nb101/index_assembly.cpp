#include "nb101/index_assembly.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <variant>

#include "nb101/error.hpp"
#include "nb101/parallel.hpp"
#include "nb101/perfect_hash.hpp"
#include "nb101/sentence.hpp"

namespace nb101 {
namespace {

template <class T>
Bytes bytes_of(const std::vector<T>& values) noexcept {
  return object_bytes(std::span<const T>(values));
}

}  // namespace

IndexAssembly::IndexAssembly(const RunTable& table, const IndexView* base, int threads)
    : columns_(table.columns()), base_(base), placement_(table, base, threads), threads_(threads) {}

std::size_t IndexAssembly::count_sections() const {
  std::size_t count = 4;  // provenance, hashes, pilots, slots
  if (!placement_.has_all_cells()) ++count;
  if (!placement_.order().empty()) ++count;
  for (const Budget& budget : placement_.budgets()) count += 1 + (budget.repeats * kNumColumns);
  return count;
}

// Returns the accuracies, up to a few thousand, of runs that are evenly spread over the table.
std::vector<double> IndexAssembly::sample_accuracies() const {
  constexpr std::size_t kRuns = 300;
  std::vector<double> values;
  const std::size_t step = std::max<std::size_t>(1, columns_.cell_ids.size() / kRuns);
  for (std::size_t run = 0; run < columns_.cell_ids.size(); run += step) {
    for (std::size_t slot = 0; slot < kNumStagedColumns; ++slot) {
      if (!is_accuracy(column_at(slot).metric)) continue;
      const double accuracy = columns_.metrics[slot][run];
      if (!std::isnan(accuracy)) values.push_back(accuracy);
    }
  }
  return values;
}

std::uint32_t IndexAssembly::chosen_denominator() const {
  const std::uint32_t of_base = base_ ? base_->header().denominator : 0;
  return of_base ? of_base : find_denominator(sample_accuracies());
}

WrittenIndex IndexAssembly::write(const std::string& path, std::string_view provenance,
                                  std::uint32_t denominator,
                                  std::span<const OwnColumn> own_columns) {
  if (denominator > kMaxDenominator) {
    throw std::invalid_argument(
        sentence("denominator ", denominator, " is not allowed; use at most ", kMaxDenominator));
  }
  IndexWriter writer(path, placement_.budgets(), count_sections() + num_sections_of(own_columns));
  written_ = {};
  written_.denominator = denominator ? denominator : chosen_denominator();
  writer.header().num_cells = static_cast<std::uint32_t>(placement_.cells().size());
  writer.header().num_runs = summary().runs;
  writer.header().denominator = written_.denominator;
  const std::vector<SectionEntry> entries = column_entries();
  // Several threads encode the columns. The sections are written in their order.
  using Part = std::variant<PerfectHashTables, EncodedColumn>;
  parallel_in_order(
      1 + entries.size(), threads_,
      [&](std::size_t i) { return i == 0 ? Part(hash_tables()) : Part(encoded(entries[i - 1])); },
      [&](std::size_t i, Part part) {
        if (i == 0) return write_cells(writer, provenance, std::get<PerfectHashTables>(part));
        write_column(writer, entries[i - 1], std::get<EncodedColumn>(part));
      });
  writer.add_own_columns(own_columns);
  written_.bytes = writer.commit();
  return written_;
}

// The hashes of the base may be wrong, which is possible in an index that was not verified in full.
PerfectHashTables IndexAssembly::hash_tables() const {
  try {
    return build_perfect_hash(placement_.hashes());
  } catch (const std::invalid_argument& error) {
    if (!base_) throw;
    throw FormatError(base_->source(), 0, sentence("section hashes: ", error.what()));
  }
}

std::vector<SectionEntry> IndexAssembly::column_entries() const {
  std::vector<SectionEntry> entries;
  for (std::size_t budget = 0; budget < placement_.budgets().size(); ++budget) {
    for (std::size_t repeat = 0; repeat < placement_.budgets()[budget].repeats; ++repeat) {
      for (std::size_t slot = 0; slot < kNumColumns; ++slot) {
        SectionEntry entry{SectionKind::column};
        entry.metric = column_at(slot).metric;
        entry.stage = column_at(slot).stage;
        entry.budget = static_cast<std::uint16_t>(budget);
        entry.repeat = static_cast<std::uint16_t>(repeat);
        entries.push_back(entry);
      }
    }
  }
  return entries;
}

void IndexAssembly::write_cells(IndexWriter& writer, std::string_view provenance,
                                const PerfectHashTables& tables) const {
  writer.add({SectionKind::provenance, ElementType::bytes}, as_bytes(provenance));
  if (!placement_.has_all_cells()) {
    writer.add({SectionKind::cells, ElementType::i32}, bytes_of(placement_.cells()));
  }
  writer.add({SectionKind::hashes, ElementType::digest}, bytes_of(placement_.hashes()));
  writer.add({SectionKind::pilots, ElementType::u16}, bytes_of(tables.pilots));
  writer.add({SectionKind::slots, ElementType::i32}, bytes_of(tables.rows));
  if (!placement_.order().empty()) {
    writer.add({SectionKind::order, ElementType::u32}, bytes_of(placement_.order()));
  }
}

void IndexAssembly::write_run_counts(IndexWriter& writer, std::uint16_t budget) const {
  SectionEntry entry{SectionKind::run_counts, ElementType::u16};
  entry.budget = budget;
  const std::vector<std::uint16_t>& counts = placement_.run_counts(budget);
  if (std::ranges::adjacent_find(counts, std::not_equal_to{}) == counts.end()) {
    writer.add_constant(entry, counts.data());
  } else {
    writer.add(entry, bytes_of(counts));
  }
}

void IndexAssembly::write_column(IndexWriter& writer, SectionEntry entry,
                                 const EncodedColumn& column) {
  const bool is_first = entry.repeat == 0 && column_slot(entry.metric, entry.stage) == 0;
  if (is_first) write_run_counts(writer, entry.budget);
  entry.type = column.type;
  if (column.is_wide && !column.is_constant()) written_.wide_columns.push_back(describe(entry));
  if (column.is_constant()) {
    writer.add_constant(entry, column.bytes.data());
  } else {
    writer.add(entry, column.bytes);
  }
}

EncodedColumn IndexAssembly::encoded(const SectionEntry& entry) const {
  const ExactColumn& column = columns_.metrics[column_slot(entry.metric, entry.stage)];
  if (!placement_.base_budget(entry.budget, entry.repeat)) {
    // Most columns of the official files are already in the form in which the file stores them.
    const bool has_counts = is_accuracy(entry.metric) && !column.counts().empty();
    if (has_counts && written_.denominator == kOfficialDenominator) {
      return scattered(entry, column.counts());
    }
    if (is_staged(entry.metric) && !is_accuracy(entry.metric) && !column.floats().empty()) {
      return scattered(entry, column.floats());
    }
  }
  const std::vector<double> values = gathered(entry);
  return encode_column(entry.metric, {values, placement_.run_counts(entry.budget), entry.repeat},
                       written_.denominator);
}

// Puts the elements of a repeat into the order of the rows. The table is read in the order of its
// runs, which is fast. Only the writes are scattered, and a column has only a twelfth of the runs
// of an official file.
template <class T>
EncodedColumn IndexAssembly::scattered(const SectionEntry& entry,
                                       std::span<const T> elements) const {
  constexpr bool kIsFloat = std::is_same_v<T, float>;
  const T without_run = kIsFloat ? std::numeric_limits<T>::quiet_NaN() : T{kNoRunCount};
  std::vector<T> by_row(placement_.cells().size(), without_run);
  for (const auto [run, row] : placement_.runs(entry.budget, entry.repeat)) {
    by_row[row] = elements[run];
  }
  const Bytes bytes = bytes_of(by_row);
  return {kIsFloat ? ElementType::f32 : ElementType::counts, {bytes.begin(), bytes.end()}};
}

// The values by row, as doubles; 0 in a row without the run.
std::vector<double> IndexAssembly::gathered(const SectionEntry& entry) const {
  std::vector<double> values(placement_.cells().size(), 0);
  gather_base(entry, values);
  const auto gather_from = [&](auto value_of_run) {
    for (const auto [run, row] : placement_.runs(entry.budget, entry.repeat)) {
      values[row] = value_of_run(run);
    }
  };
  if (entry.metric == Metric::graph) {
    gather_from([&](std::size_t run) { return static_cast<double>(columns_.graphs[run]); });
  } else {
    columns_.metrics[column_slot(entry.metric, entry.stage)].visit(gather_from);
  }
  return values;
}

void IndexAssembly::gather_base(const SectionEntry& entry, std::vector<double>& values) const {
  const auto base_budget = placement_.base_budget(entry.budget, entry.repeat);
  if (!base_budget) return;
  const Column& column = base_->column(entry.metric, entry.stage, *base_budget, entry.repeat);
  for (std::uint32_t row = 0; row < values.size(); ++row) {
    if (const auto base_row = placement_.base_row(row, entry.budget, entry.repeat)) {
      values[row] = column[*base_row];
    }
  }
}

}  // namespace nb101
