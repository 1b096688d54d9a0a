// A random forest over configurations, as SMAC3 has it from scikit-learn: each tree learns from a
// bootstrap sample, and each split is the best one of a random part of the parameters. SMAC3 asks
// for random split points, but does not pass this on to its trees.
//
// A tree sees a configuration as 31 bits: an edge is one bit, and a label is two, one for each
// threshold that can split its three values in the order of nas_benchmarks. So a split is one bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nb101/cell.hpp"
#include "nb101/random.hpp"

namespace nb101 {

// The bits that trees split by. nas_benchmarks lists the operations as conv1x1, conv3x3, maxpool,
// which are the labels 1, 0, 2. With the lower bit of each label flipped, that bit tells that a
// label is after conv1x1, and the bit above it that the label is after conv3x3.
constexpr Code split_bits(Code code) noexcept { return code ^ kLowLabelBits; }

class RandomForest {
 public:
  static constexpr std::uint32_t kMaxDepth = 20;
  static constexpr std::uint32_t kMinLeaf = 3;  // trainings; each counts once, however often drawn
  static constexpr std::uint32_t kTriedParameters = 21;  // 5/6 of 26, rounded down
  static constexpr double kMinDecrease = 1e-8;  // of the variance, in relation to the whole tree

  explicit RandomForest(std::uint32_t num_trees) : num_trees_(num_trees) {}

  // Trains all trees anew. `codes` and `costs` have the same size, which is from 1 to 2^20. The
  // costs are finite. As in SMAC3, a run gives the same seed each time. So if a few trainings were
  // added, the trees get nearly the same samples, and try the same parameters at their roots.
  // Throws std::length_error if the trees have more than 2^27 nodes together.
  void train(std::span<const Code> codes, std::span<const double> costs, std::uint64_t seed);

  // Writes the mean of the trees' predictions and their variance for each code.
  void predict(std::span<const Code> codes, double* means, double* variances) const noexcept;

  std::size_t num_nodes() const noexcept { return nodes_.size(); }

 private:
  struct Sample {
    std::int64_t cost;  // times the weight
    Code bits;          // bit 31 is set in all samples, so its sums are those of the whole node
    std::uint32_t weight;
  };
  struct Sums;
  struct Scores;
  struct Total {
    std::int64_t cost;
    std::int64_t weight;
    std::int64_t samples;
  };

  void draw_samples(RandomStream random);
  void grow(std::size_t node, std::size_t begin, std::size_t end, std::uint32_t depth, Sums& sums,
            RandomStream& random);
  int best_split(const Sums& sums, RandomStream& random) const noexcept;
  std::size_t partition(std::size_t begin, std::size_t end, int bit) noexcept;
  bool may_split(const Total& total, std::uint32_t depth) const noexcept;
  static int label_bit(int parameter, const Sums& sums, const Scores& scores) noexcept;
  void make_leaf(std::size_t node, const Total& total) noexcept;

  std::uint32_t num_trees_;
  // A node is one word. Its lower 5 bits are the bit that it splits by, and the rest is the place
  // of its left child, which the right child follows. A leaf splits by bit 31, which no
  // configuration has, and is its own left child.
  std::vector<std::uint32_t> nodes_;
  std::vector<double> values_;         // by node; only leaves have one
  std::vector<std::int32_t> roots_;    // by tree
  std::vector<std::uint32_t> depths_;  // by tree

  double scale_ = 1;             // the integer costs are the costs times this power of 2
  std::int64_t greatest_ = 0;    // the greatest integer cost
  std::vector<Sample> history_;  // what the trees learn from, all with weight 1
  std::vector<Sample> samples_;  // the bootstrap sample of the present tree; a node is a range
  std::vector<Sample> right_;    // the right part while a range is partitioned
};

}  // namespace nb101
