// NSGA-II (Deb et al., 2002): evolution with several objectives. Parents and children compete for
// their places by dominance, and within a front by how far its points are apart.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nb101/mutation.hpp"
#include "nb101/objective_values.hpp"
#include "nb101/sampling.hpp"
#include "nb101/search_run.hpp"

namespace nb101 {

class Nsga2 {
 public:
  static constexpr bool kIgnoresInvalid = false;  // invalid configurations join the population

  struct Settings {
    using Optimizer = Nsga2;

    std::shared_ptr<const ObjectiveValues> values;
    std::uint32_t population = 100;  // at least 1
    double crossover_rate = 0.9;
    Sampling sampling = Sampling::all;  // how the first population is drawn
  };

  Nsga2(const Settings& settings, const SimulatedTraining& training, std::uint64_t seed);

  Proposal ask();
  void tell(const Trial& trial);

 private:
  struct Member {
    Code code;
    std::uint32_t front;  // the number of its front; less is better
    double distance;      // its crowding distance; more is better
  };

  Code next_child();
  Code child();
  const Member& hold_tournament() noexcept;
  Code cross(Code one, Code other) noexcept;
  bool is_known(Code code) const noexcept;
  void select_members();

  Settings settings_;
  Sampler sampler_;
  Mutator mutate_{Mutation::parameter};
  std::uint32_t budget_;
  RandomStream random_;
  std::vector<Member> members_;  // empty until the first population was told
  // What was trained: the members, and after them the configurations that compete with them.
  std::vector<Code> codes_;
  std::vector<double> told_;  // the objectives of each of them
};

}  // namespace nb101
