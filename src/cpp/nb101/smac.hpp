// SMAC (Hutter et al., 2011) as the algorithm configuration facade of SMAC3 2.4 does it: a random
// forest predicts the cost, and the configuration with the greatest expected improvement is trained
// next. Random configurations are interleaved.
#pragma once

#include <cstdint>
#include <vector>

#include "nb101/challenger_search.hpp"
#include "nb101/sampling.hpp"
#include "nb101/search_run.hpp"

namespace nb101 {

class Smac {
 public:
  static constexpr bool kIgnoresInvalid = false;  // the forest learns from invalid configurations

  struct Settings {
    using Optimizer = Smac;

    std::uint32_t num_trees = 5;  // at least 1
    double random_fraction = 0.33;
    std::uint32_t max_evaluations = 1;  // of one configuration; at least 1
  };

  Smac(const Settings& settings, const SimulatedTraining& training, std::uint64_t seed)
      : settings_(settings),
        budget_(final_budget(training)),
        random_(seed),
        forest_seed_(random_.word()),
        sampler_(Sampling::all) {}

  Proposal ask();
  void tell(const Trial& trial);

 private:
  // A configuration and the costs of its trainings. Costs at the same place of two contenders are
  // compared with each other.
  struct Contender {
    Code code = 0;
    std::vector<double> costs;
  };

  Code next_configuration();
  std::vector<Code> challengers();
  bool is_known(Code code) const;
  bool is_incumbent(Code code) const;
  std::uint32_t trainings_of_next_round();
  bool race(const Contender& challenger);

  Settings settings_;
  std::uint32_t budget_;
  RandomStream random_;
  std::uint64_t forest_seed_;
  Sampler sampler_;

  std::vector<Code> codes_;  // of all trainings
  std::vector<double> costs_;
  std::vector<Code> known_;  // the different codes, ascending

  Contender incumbent_;  // without costs before the first training
  Contender challenger_;
  bool has_lost_ = false;    // whether the challenger was once not better than the incumbent
  std::uint32_t round_ = 0;  // the trainings that the challenger may have next; 0 if it is out
  std::uint32_t outstanding_ = 0;    // the trainings that are left of its present round
  bool incumbent_had_turn_ = false;  // since the last challenger was out
};

}  // namespace nb101
