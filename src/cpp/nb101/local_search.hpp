// Local search by steepest ascent, started anew at each local optimum (White et al., 2021).
#pragma once

#include <cstdint>
#include <vector>

#include "nb101/sampling.hpp"
#include "nb101/search_run.hpp"

namespace nb101 {

class LocalSearch {
 public:
  static constexpr bool kIgnoresInvalid = false;  // it learns nothing from them

  struct Settings {
    using Optimizer = LocalSearch;

    Sampling sampling = Sampling::all;  // of the starts; invalid ones are passed over
  };

  LocalSearch(const Settings& settings, const SimulatedTraining& training, std::uint64_t seed)
      : sampler_(settings.sampling),
        training_(&training),
        budget_(final_budget(training)),
        random_(seed) {}

  Proposal ask();
  void tell(const Trial& trial);

 private:
  void move_to(Code code, double accuracy);

  Sampler sampler_;
  const SimulatedTraining* training_;
  std::uint32_t budget_;
  RandomStream random_;
  bool has_place_ = false;     // else a start is drawn
  double accuracy_ = 0;        // where it stands
  std::vector<Code> waiting_;  // neighbours still to be tried, in random order
  Code best_ = 0;              // of the neighbours tried
  double best_accuracy_ = 0;
};

}  // namespace nb101
