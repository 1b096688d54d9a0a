// Hyperband runs brackets of configurations that are drawn at random.
#pragma once

#include "nb101/brackets.hpp"
#include "nb101/sampling.hpp"

namespace nb101 {

class Hyperband {
 public:
  static constexpr bool kIgnoresInvalid = false;  // invalid configurations have places in brackets

  struct Settings {
    using Optimizer = Hyperband;

    std::uint32_t eta = 3;
    Sampling sampling = Sampling::all;
  };

  // Uses all budgets of the training. Each must be eta times the one before.
  Hyperband(const Settings& settings, const SimulatedTraining& training, std::uint64_t seed)
      : sampler_(settings.sampling),
        random_(seed),
        brackets_(static_cast<std::uint32_t>(training.num_budgets()), settings.eta) {}

  Proposal ask() {
    if (brackets_.needs_code()) brackets_.start(sampler_(random_.word()));
    return {brackets_.code(), brackets_.budget()};
  }
  void tell(const Trial& trial) { brackets_.tell(trial.outcome.validation_accuracy); }

 private:
  Sampler sampler_;
  RandomStream random_;
  Brackets brackets_;
};

}  // namespace nb101
