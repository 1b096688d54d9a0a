// Local search moves to the best neighbour until there is no better one, and then starts again at a
// random cell (White et al., 2021).
#pragma once

#include <cstdint>
#include <vector>

#include "nb101/sampling.hpp"
#include "nb101/search_run.hpp"

namespace nb101 {

class LocalSearch {
 public:
  static constexpr bool kIgnoresInvalid = true;  // tell() ignores an invalid start

  struct Settings {
    using Optimizer = LocalSearch;

    Sampling sampling = Sampling::all;  // how starts are drawn; invalid ones are passed over
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
  bool has_place_ = false;     // if false, ask() draws a new start
  double accuracy_ = 0;        // the accuracy of the present cell
  std::vector<Code> waiting_;  // the neighbours that are still to be tried, in random order
  Code best_ = 0;              // the best neighbour that was tried, if it is better than the cell
  double best_accuracy_ = 0;   // its accuracy, or that of the present cell
};

}  // namespace nb101
