// BOHB (Falkner et al., 2018) fills the brackets of Hyperband with proposals of a density model.
#pragma once

#include <cstdint>
#include <memory>

#include "nb101/brackets.hpp"
#include "nb101/density_ratio.hpp"
#include "nb101/sampling.hpp"

namespace nb101 {

class Bohb {
 public:
  static constexpr bool kIgnoresInvalid = false;  // invalid configurations have places in brackets

  struct Settings {
    using Optimizer = Bohb;

    std::uint32_t eta = 3;
    double random_fraction = 0;     // the share of proposals that are drawn at random
    std::uint32_t num_samples = 4;  // how many samples of the model are compared for a proposal
    double min_bandwidth = 0.3;     // from 0 to 1
  };

  // Uses all budgets of the training. Each must be eta times the one before.
  Bohb(const Settings& settings, const SimulatedTraining& training, std::uint64_t seed)
      : settings_(settings),
        random_(seed),
        brackets_(static_cast<std::uint32_t>(training.num_budgets()), settings.eta),
        model_(std::make_unique<DensityRatio>(settings.min_bandwidth)) {}

  Proposal ask();
  void tell(const Trial& trial);

 private:
  Code choose();

  Settings settings_;
  Sampler sampler_{Sampling::all};
  RandomStream random_;
  Brackets brackets_;
  std::unique_ptr<DensityRatio> model_;  // apart, because it is 100 times as large as the rest
};

}  // namespace nb101
