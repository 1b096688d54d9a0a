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
  bool is_wide() const noexcept { return is_wide_; }
  const std::vector<float>& narrow() const noexcept { return narrow_; }
  const std::vector<double>& wide() const noexcept { return wide_; }
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

class IndexView;

class RunTable {
 public:
  void reserve(std::size_t runs);
  // Runs of cells of the space.
  void append(std::span<const Run> runs, int threads = 1);
  std::size_t size() const noexcept { return cell_ids_.size(); }

  // Every run of an index, in the order of its records.
  void append_index(const IndexView& index);

  Findings& findings() noexcept { return findings_; }

 private:
  friend class IndexAssembly;

  static constexpr std::size_t kStagedColumns = kNumStagedMetrics * kNumStages;

  void inspect(const Run& run);

  std::vector<std::int32_t> cell_ids_;
  std::vector<std::uint32_t> epochs_;
  std::vector<std::uint32_t> graphs_;
  std::vector<std::int32_t> parameters_;
  ExactColumn total_times_;
  std::array<ExactColumn, kStagedColumns> staged_;
  Findings findings_;
};

}  // namespace nb101
