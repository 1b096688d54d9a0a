#include "nb101/index_assembly.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>

#include "nb101/index_writer.hpp"
#include "nb101/parallel.hpp"
#include "nb101/perfect_hash.hpp"

namespace nb101 {
namespace {

template <class T>
Bytes bytes_of(const std::vector<T>& values) noexcept {
  return object_bytes(std::span<const T>(values));
}

}  // namespace

IndexAssembly::IndexAssembly(const RunTable& table, const IndexView* base, int threads)
    : columns_(table.columns()), base_(base), placement_(table, base), threads_(threads) {}

std::size_t IndexAssembly::count_sections() const {
  std::size_t count = 4;  // provenance, hashes, pilots, slots
  count += placement_.has_all_cells() ? 0 : 1;
  count += placement_.order().empty() ? 0 : 1;
  for (const Budget& budget : placement_.budgets()) count += 1 + (budget.repeats * kNumColumns);
  return count;
}

// Returns a few thousand accuracies of runs that are evenly spread over the table.
std::vector<double> IndexAssembly::sample_accuracies() const {
  constexpr std::size_t kRuns = 300;
  std::vector<double> values;
  const std::size_t step = std::max<std::size_t>(1, columns_.cell_ids.size() / kRuns);
  for (std::size_t run = 0; run < columns_.cell_ids.size(); run += step) {
    for (std::size_t slot = 0; slot < kNumStagedColumns; ++slot) {
      if (is_accuracy(column_at(slot).metric)) values.push_back(columns_.metrics[slot][run]);
    }
  }
  return values;
}

std::uint32_t IndexAssembly::chosen_denominator() const {
  const std::uint32_t of_base = base_ ? base_->header().denominator : 0;
  return of_base ? of_base : find_denominator(sample_accuracies());
}

WrittenIndex IndexAssembly::write(const std::string& path, std::string_view provenance,
                                  std::uint32_t denominator) {
  if (denominator > kMaxDenominator) {
    throw std::invalid_argument("denominator " + std::to_string(denominator) +
                                " is not allowed; use at most " + std::to_string(kMaxDenominator));
  }
  IndexWriter writer(path, placement_.budgets(), count_sections());
  written_ = {};
  written_.denominator = denominator ? denominator : chosen_denominator();
  writer.header().num_cells = static_cast<std::uint32_t>(placement_.cells().size());
  writer.header().num_runs = summary().runs;
  writer.header().denominator = written_.denominator;
  write_cells(writer, provenance);
  for (std::size_t b = 0; b < placement_.budgets().size(); ++b) write_budget(writer, b);
  written_.bytes = writer.commit();
  return written_;
}

void IndexAssembly::write_cells(IndexWriter& writer, std::string_view provenance) const {
  const PerfectHashTables tables = build_perfect_hash(placement_.hashes());
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

void IndexAssembly::write_budget(IndexWriter& writer, std::size_t budget) {
  SectionEntry entry{SectionKind::run_counts, ElementType::u16};
  entry.budget = static_cast<std::uint16_t>(budget);
  const std::vector<std::uint16_t>& counts = placement_.run_counts(budget);
  if (std::ranges::adjacent_find(counts, std::not_equal_to{}) == counts.end()) {
    writer.add_constant(entry, counts.data());
  } else {
    writer.add(entry, bytes_of(counts));
  }
  for (std::size_t repeat = 0; repeat < placement_.budgets()[budget].repeats; ++repeat) {
    write_run(writer, budget, repeat);
  }
}

// Several threads encode the columns. One thread writes them in their order.
void IndexAssembly::write_run(IndexWriter& writer, std::size_t budget, std::size_t repeat) {
  std::array<EncodedColumn, kNumColumns> columns;
  parallel_for(
      kNumColumns, threads_,
      [&](std::size_t begin, std::size_t end) {
        std::vector<double> values;
        for (std::size_t slot = begin; slot < end; ++slot) {
          gather(slot, budget, repeat, values);
          columns[slot] =
              encode_column(column_at(slot).metric, {values, placement_.run_counts(budget), repeat},
                            written_.denominator);
        }
      },
      1);
  for (std::size_t slot = 0; slot < kNumColumns; ++slot) {
    const EncodedColumn& column = columns[slot];
    SectionEntry entry{SectionKind::column, column.type};
    entry.metric = column_at(slot).metric;
    entry.stage = column_at(slot).stage;
    entry.budget = static_cast<std::uint16_t>(budget);
    entry.repeat = static_cast<std::uint16_t>(repeat);
    if (column.is_wide) written_.wide_columns.push_back(describe(entry));
    if (column.is_constant()) {
      writer.add_constant(entry, column.bytes.data());
    } else {
      writer.add(entry, column.bytes);
    }
  }
}

// Reads the table in the order of its runs, which is fast. Only the writes are scattered, and a
// column has only a twelfth of the runs of an official file.
void IndexAssembly::gather(std::size_t slot, std::size_t budget, std::size_t repeat,
                           std::vector<double>& values) const {
  values.assign(placement_.cells().size(), 0);
  gather_base(slot, budget, repeat, values);
  const auto gather_from = [&](auto value_of_run) {
    for (const std::uint32_t run : placement_.runs(budget, repeat)) {
      values[placement_.row_of(run)] = value_of_run(run);
    }
  };
  if (column_at(slot).metric == Metric::graph) {
    gather_from([&](std::size_t run) { return static_cast<double>(columns_.graphs[run]); });
  } else {
    columns_.metrics[slot].visit(gather_from);
  }
}

void IndexAssembly::gather_base(std::size_t slot, std::size_t budget, std::size_t repeat,
                                std::vector<double>& values) const {
  const auto base_budget = placement_.base_budget(budget, repeat);
  if (!base_budget) return;
  const auto [metric, stage] = column_at(slot);
  const Column& column = base_->column(metric, stage, *base_budget, repeat);
  for (std::uint32_t row = 0; row < values.size(); ++row) {
    if (const auto base_row = placement_.base_row(row, budget, repeat)) {
      values[row] = column[*base_row];
    }
  }
}

}  // namespace nb101
