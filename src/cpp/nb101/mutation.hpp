// Mutations of a code. Public projects use these five rules, which differ from each other.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "nb101/cell.hpp"

namespace nb101 {

// `parameter` may have invalid parents and children. The other rules draw again until the child is
// valid in the official meaning.
enum class Mutation {
  parameter,  // changes one of the 21 edges and 5 labels (Ying et al., 2019; nas_benchmarks)
  notebook,   // changes each edge with probability rate/7, each label with rate/5 (the official
              // notebook)
  naszilla,   // changes each edge with probability 1/21, each label with 1/5
  naslib,     // changes each edge with probability 1/7, each label with 1/3
  pruned,     // changes one edge or label that can change the pruned cell (naszilla, NASLib)
};

constexpr bool needs_valid_parent(Mutation mutation) noexcept {
  return mutation != Mutation::parameter;
}

class IndependentChanges;

// A mutation that is ready for use. Copies share its tables.
class Mutator {
 public:
  // `rate` is that of the notebook's mutation, 0 to 5. The other rules have none.
  explicit Mutator(Mutation mutation, double rate = 1);

  // Writes a child of each parent. Child i depends only on its parent, the seed and i. The parents
  // must be faultless (see code_faults), and valid if the mutation needs that.
  void operator()(std::span<const Code> parents, std::uint64_t seed, Code* children) const;

 private:
  Mutation mutation_;
  std::shared_ptr<const IndependentChanges> changes_;  // for the rules that have a table
};

}  // namespace nb101
