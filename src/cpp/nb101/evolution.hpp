// Evolution by tournaments (Real et al., 2019). The best of a tournament gets a child. The child
// replaces the oldest member if the evolution is regularized, else the tournament's worst.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nb101/mutation.hpp"
#include "nb101/sampling.hpp"
#include "nb101/search_run.hpp"

namespace nb101 {

class Evolution {
 public:
  static constexpr bool kIgnoresInvalid = false;  // invalid configurations join the population

  struct Settings {
    using Optimizer = Evolution;

    bool is_regularized = true;
    std::uint32_t population = 100;  // at least 1
    std::uint32_t tournament = 10;   // at least 1; without replacement, at most the population
    bool with_replacement = false;
    Mutator mutate{Mutation::parameter};
    Sampling sampling = Sampling::all;  // how the first population is drawn
  };

  Evolution(const Settings& settings, const SimulatedTraining& training, std::uint64_t seed);

  Proposal ask();
  void tell(const Trial& trial);

 private:
  std::uint32_t draw_member(std::uint32_t number) noexcept;
  void hold_tournament() noexcept;

  Settings settings_;
  Sampler sampler_;
  std::uint32_t budget_;
  RandomStream random_;
  std::vector<Code> codes_;           // by member; a ring if the evolution is regularized
  std::vector<double> accuracies_;    // by member
  std::vector<std::uint32_t> order_;  // a permutation; each tournament shuffles its beginning
  std::size_t oldest_ = 0;
  std::uint32_t best_ = 0;   // a member of the last tournament
  std::uint32_t worst_ = 0;  // a member of the last tournament
};

}  // namespace nb101
