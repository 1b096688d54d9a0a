// The steps in which the front of a run grows: the trainings that joined it, and the hypervolume of
// the front after each of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nb101/objective_values.hpp"

namespace nb101 {

// A training as far as its objectives are concerned.
struct Trained {
  std::int32_t cell_id;
  std::uint32_t repeat;
};

// A training that joined the front.
struct FrontStep {
  std::size_t training;  // its position in the run
  // The volume that the reported values of the front dominate, up to 1 in every objective. The
  // front is that of the values that were told.
  double hypervolume;
};

// Returns the trainings of a run that joined its front, in their order. A training joins it if no
// training of the front is at least as good in every objective, and then those that it dominates
// leave the front. A training with an infinite value never joins.
std::vector<FrontStep> front_steps(const ObjectiveValues& values, std::span<const Trained> run);

}  // namespace nb101
