// Runs gathered in input order, in memory by columns, on their way into an index.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nb101/metrics.hpp"
#include "nb101/search_space.hpp"

namespace nb101 {

// Doubles kept as floats as long as all of them are floats.
class ExactColumn {
 public:
  void reserve(std::size_t size) { narrow_.reserve(size); }
  void push_back(double value);
  double operator[](std::size_t i) const noexcept { return is_wide_ ? wide_[i] : narrow_[i]; }

 private:
  bool is_wide_ = false;
  std::vector<float> narrow_;
  std::vector<double> wide_;
};

// Things worth telling that are kept all the same: how many, and the first of them in words.
struct Finding {
  std::uint64_t count = 0;
  std::string first;
};

struct Findings {
  Finding other_parameters;  // trainable parameters that are not by the rule
  Finding odd_accuracies;    // outside [0, 1], or not finite
  Finding odd_times;         // not finite, negative or decreasing
  Finding unknown_fields;    // of the protobuf, not kept
};

// What was written.
struct IndexSummary {
  std::uint64_t cells = 0;
  std::uint64_t runs = 0;
  std::uint32_t denominator = 0;
  std::uint64_t missing_runs = 0;  // of cells that have fewer repeats than the most
  bool official_order = false;
  std::vector<std::string> wide_columns;  // not held by counts or float32
  std::uint64_t bytes = 0;
};

class RunTable {
 public:
  void reserve(std::size_t runs);
  void append(const Run& run);  // of a cell of the space
  std::size_t size() const noexcept { return cell_ids_.size(); }

  Findings& findings() noexcept { return findings_; }

  // Writes all runs as an index file, atomically. The r-th run of a cell and budget is repeat r.
  // denominator: of the accuracies, 0 to find it. Throws std::invalid_argument for no runs.
  IndexSummary write_index(const std::string& path, std::string_view provenance,
                           std::uint32_t denominator) const;

 private:
  friend class IndexAssembly;

  static constexpr std::size_t kStagedColumns = kNumStagedMetrics * kNumStages;

  double value(std::size_t run, Metric metric, Stage stage) const noexcept;
  void inspect(const Run& run);

  std::vector<std::int32_t> cell_ids_;
  std::vector<std::uint32_t> epochs_;
  std::vector<std::uint32_t> graphs_;
  std::vector<std::int32_t> parameters_;
  ExactColumn total_times_;
  std::array<ExactColumn, kStagedColumns> staged_;
  Findings findings_;
};

// The denominator d, at most kMaxDenominator, by which nine tenths and more of the values are
// float32(k / d): 9984 if it does, else the least; 0 where none does.
std::uint32_t find_denominator(std::span<const double> values);

}  // namespace nb101
