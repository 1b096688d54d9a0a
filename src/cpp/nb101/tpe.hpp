// TPE, the tree-structured Parzen estimator (Bergstra et al., 2011), with the rules of Hyperopt
// 0.3.
#pragma once

#include <cstdint>
#include <span>

#include "nb101/sampling.hpp"
#include "nb101/search_run.hpp"
#include "nb101/split_history.hpp"

namespace nb101 {

class Tpe {
 public:
  static constexpr bool kIgnoresInvalid = false;  // an invalid configuration has the loss 1

  struct Settings {
    using Optimizer = Tpe;

    std::uint32_t num_startup = 20;     // at least 1; so many configurations are drawn at random
    std::uint32_t num_candidates = 24;  // at least 1; for each parameter
    double gamma = 0.25;  // of n configurations, ceil(gamma * sqrt(n)) are good, but at most 25
  };

  // The probabilities of the values of each parameter.
  struct Densities {
    ByValue below;  // among the good configurations
    ByValue above;  // among the others
  };

  Tpe(const Settings& settings, const SimulatedTraining& training, std::uint64_t seed);

  Proposal ask() noexcept;
  void tell(const Trial& trial);

  static Densities densities(const Settings& settings, const SplitHistory& history) noexcept;

 private:
  std::size_t best_candidate(std::span<const double> below, std::span<const double> above) noexcept;

  Settings settings_;
  Sampler sampler_;
  std::uint32_t budget_;
  RandomStream random_;
  SplitHistory history_;
};

}  // namespace nb101
