// Gathered runs, placed by cell, budget and repeat, and written as an index.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nb101/file_format.hpp"
#include "nb101/index.hpp"
#include "nb101/run_table.hpp"

namespace nb101 {

class IndexWriter;
struct EncodedColumn;
struct GatheredColumn;

// What an index will hold.
struct IndexSummary {
  std::uint64_t cells = 0;
  std::uint64_t runs = 0;
  std::uint64_t missing_runs = 0;   // of cells that have fewer repeats than the most
  std::uint64_t replaced_runs = 0;  // by an update
  std::uint64_t repeated_runs = 0;  // equal in every value to an earlier repeat
  bool official_order = false;
};

// What was written.
struct WrittenIndex {
  std::uint64_t bytes = 0;
  std::uint32_t denominator = 0;
  std::vector<std::string> wide_columns;  // not held by counts or float32
};

// The r-th run of a cell and budget is repeat r. In an update of a base index it takes the place of
// the base's repeat r, if there is one.
class IndexAssembly {
 public:
  // Keeps the references. Throws std::invalid_argument for no runs, or more than a file can hold.
  explicit IndexAssembly(const RunTable& table, const IndexView* base = nullptr, int threads = 1);

  const IndexSummary& summary() const noexcept { return summary_; }

  // Atomically. denominator: of the accuracies, 0 to find it.
  WrittenIndex write(const std::string& path, std::string_view provenance,
                     std::uint32_t denominator);

 private:
  struct BudgetRuns {
    std::vector<std::uint16_t> counts;                // by row
    std::vector<std::vector<std::uint32_t>> repeats;  // [repeat][row]: run or none; or empty
  };

  void find_cells();
  void find_budgets();
  void place_runs();
  void place(std::uint32_t run, std::size_t budget, std::size_t repeat);
  void find_order();
  void append_base_order(std::vector<std::uint32_t>& records) const;
  std::uint32_t base_count(std::uint32_t row, std::size_t budget) const;
  bool is_repeated(std::uint32_t run, std::size_t budget, std::size_t repeat) const;
  bool is_equal(std::uint32_t run, const Run& other) const;
  bool are_equal(std::uint32_t run, std::uint32_t other) const;
  std::size_t budget_of(std::uint32_t epochs) const;
  std::uint32_t row_of(std::uint32_t run) const;
  std::uint32_t record_of(std::uint32_t run) const;
  bool is_official(const std::vector<std::uint32_t>& records) const;
  bool has_all_cells() const;
  std::size_t count_sections() const;
  std::vector<double> sample_accuracies() const;

  void write_cells(IndexWriter& writer, std::string_view provenance) const;
  void write_budget(IndexWriter& writer, std::size_t budget);
  void write_run(IndexWriter& writer, SectionEntry entry);
  EncodedColumn encode(const SectionEntry& entry) const;
  GatheredColumn gather(const SectionEntry& entry) const;
  void gather_base(const SectionEntry& entry, GatheredColumn& result) const;

  const RunTable& table_;
  const IndexView* base_;  // the index that is updated, or none
  IndexSummary summary_;
  WrittenIndex written_;
  std::vector<std::int32_t> cells_;       // by row
  std::vector<Digest> hashes_;            // by row
  std::vector<std::uint32_t> rows_;       // by cell id
  std::vector<std::uint32_t> base_rows_;  // by row, or none
  std::vector<Budget> budgets_;
  std::vector<std::uint32_t> base_budgets_;  // by budget, or none
  std::vector<BudgetRuns> runs_;             // by budget
  std::vector<bool> is_replacement_;  // by run; such a run has its predecessor's place in the order
  std::vector<std::uint32_t> order_;
  std::uint32_t denominator_ = 0;
  int threads_;
};

// The denominator d, at most kMaxDenominator, by which nine tenths and more of the values are
// float32(k / d): 9984 if it does, else the least; 0 where none does.
std::uint32_t find_denominator(std::span<const double> values);

}  // namespace nb101
