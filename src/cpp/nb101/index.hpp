// A compiled index. IndexView is a checked view of its bytes, and IndexFile owns the mapped file.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nb101/directory.hpp"
#include "nb101/findings.hpp"
#include "nb101/index_fields.hpp"
#include "nb101/mapped_file.hpp"
#include "nb101/perfect_hash.hpp"
#include "nb101/search_space.hpp"
#include "nb101/sentence.hpp"
#include "nb101/series.hpp"

namespace nb101 {

// The rows are the cells that the index has, in ascending order of their ids. All look-ups are safe
// at every level of verification.
class IndexView {
 public:
  // `source` names the bytes in errors. Throws FormatError.
  IndexView(Bytes file, std::string source, Verify level);
  IndexView(const IndexView&) = delete;
  IndexView& operator=(const IndexView&) = delete;

  // Makes the checks of a level, those of the levels before it included. Level `header` was checked
  // already. Throws FormatError.
  void verify(Verify level) const;
  // Counts the unusual values of all runs. The provenance of a sound index counts as many of them.
  Findings findings() const;

  const FileHeader& header() const noexcept { return directory_.header; }
  const std::vector<Budget>& budgets() const noexcept { return directory_.budgets; }
  const std::vector<SectionEntry>& sections() const noexcept { return directory_.sections; }
  std::string_view provenance() const noexcept { return as_text(provenance_); }
  const std::string& source() const noexcept { return source_; }
  Bytes bytes() const noexcept { return file_; }
  // Names the section in an error or a list, an own column by its label.
  std::string describe(const SectionEntry& section) const;

  std::size_t num_rows() const noexcept { return directory_.header.num_cells; }
  bool is_complete() const noexcept { return cells_.empty(); }  // every cell has a row
  std::int32_t cell_id(std::size_t row) const noexcept {
    return is_complete() ? static_cast<std::int32_t>(row) : cells_[row];
  }
  std::span<const std::int32_t> cells() const noexcept { return cells_; }
  std::optional<std::size_t> row_of(std::int32_t cell_id) const noexcept;

  std::span<const Digest> hashes() const noexcept { return hashes_; }  // by row
  std::span<const std::uint32_t> order() const noexcept { return order_; }

  const Column& column(Metric metric, Stage stage, std::size_t budget, std::size_t repeat) const;
  // Returns how many runs the row has. Its repeats are 0 .. count - 1.
  std::uint32_t run_count(std::size_t row, std::size_t budget) const noexcept;
  // Returns the values of a metric. Throws std::out_of_range if there is no such budget.
  Series series(Metric metric, Stage stage, std::size_t budget) const;
  // The own columns have the numbers of their labels.
  std::span<const Label> labels() const noexcept { return labels_; }
  Series own_series(std::size_t number) const { return Series(&own_columns_.at(number)); }
  // Returns a run with the values of its record. The row must have this repeat, else the values
  // mean nothing. Throws FormatError if the stored graph is not that of the cell, which is possible
  // in an unverified file.
  Run run(std::size_t row, std::size_t budget, std::size_t repeat) const;

  // Writes the cell id of each official hash, or kNoCell if the index has no such cell.
  void find(std::span<const Digest> hashes, std::int32_t* ids, int threads) const;

 private:
  void take_section(const SectionEntry& section);
  template <class T>
  void take(const SectionEntry& section, std::span<const T>& place) const;
  void take_column(const SectionEntry& section, Column& place) const;
  void check_complete() const;
  void check_labels() const;
  void check_runs() const;
  void check_cells() const;
  void check_run_counts() const;
  void check_order() const;
  void check_contents() const;
  void check_hashes() const;
  void check_column(const Column& column) const;
  void check_own_column(const Column& column) const;
  bool is_allowed(const Column& column, std::size_t row, bool has_run) const noexcept;
  const SectionEntry& entry_of(SectionKind kind) const noexcept;
  // Throws FormatError. The parts make up what it says.
  template <class... Parts>
  [[noreturn]] void fail(const SectionEntry& section, const Parts&... parts) const {
    fail_with(section, {parts...});
  }
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    fail_with({parts...});
  }
  [[noreturn]] void fail_with(const SectionEntry& section,
                              std::initializer_list<SentencePart> parts) const;
  [[noreturn]] void fail_with(std::initializer_list<SentencePart> parts) const;

  Bytes file_;
  std::string source_;
  Directory directory_;
  Bytes provenance_;
  std::span<const std::int32_t> cells_;
  std::span<const Digest> hashes_;
  std::span<const std::uint16_t> pilots_;
  std::span<const std::int32_t> slots_;
  std::span<const std::uint32_t> order_;
  std::span<const Label> labels_;
  std::vector<Column> own_columns_;        // by label
  std::vector<Column> run_counts_;         // by budget
  std::vector<std::size_t> first_column_;  // by budget
  std::vector<Column> columns_;            // by budget, repeat, metric and stage
};

class IndexFile {
 public:
  IndexFile(const std::string& path, Verify level)
      : file_(path), view_(file_.bytes(), path, level) {}

  const IndexView& view() const noexcept { return view_; }

 private:
  MappedFile file_;
  IndexView view_;
};

}  // namespace nb101
