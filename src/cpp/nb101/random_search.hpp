// Random search draws every configuration independently of the others.
#pragma once

#include "nb101/sampling.hpp"
#include "nb101/search_run.hpp"

namespace nb101 {

class RandomSearch {
 public:
  static constexpr bool kIgnoresInvalid = true;  // tell() does nothing

  struct Settings {
    using Optimizer = RandomSearch;

    Sampling sampling = Sampling::all;
  };

  RandomSearch(const Settings& settings, const SimulatedTraining& training, std::uint64_t seed)
      : sampler_(settings.sampling), budget_(final_budget(training)), random_(seed) {}

  Proposal ask() { return {sampler_(random_.word()), budget_}; }
  void tell(const Trial&) noexcept {}

 private:
  Sampler sampler_;
  std::uint32_t budget_;
  RandomStream random_;
};

}  // namespace nb101
