// Evolution by tournaments (Real et al., 2019): regularized, the oldest dies; else the tournament's
// worst.
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
  static constexpr bool kIgnoresInvalid = false;  // it learns nothing from them

  struct Settings {
    using Optimizer = Evolution;

    bool is_regularized = true;
    std::uint32_t population = 100;  // 1 or more
    std::uint32_t tournament = 10;   // 1 or more; at most the population, without replacement
    bool with_replacement = false;
    Mutation mutation = Mutation::parameter;
    Sampling sampling = Sampling::all;  // of the first population
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
  std::vector<Code> codes_;           // of the population; regularized, a ring
  std::vector<double> accuracies_;    // likewise
  std::vector<std::uint32_t> order_;  // a permutation, shuffled as far as a tournament goes
  std::size_t oldest_ = 0;
  std::uint32_t best_ = 0;   // of the last tournament
  std::uint32_t worst_ = 0;  // likewise
};

}  // namespace nb101
