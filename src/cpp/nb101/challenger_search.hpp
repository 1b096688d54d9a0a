// Searches for the configurations with the greatest expected improvement, as SMAC3 does: by local
// searches from the best known configurations and from the best of many random ones.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "nb101/random_forest.hpp"

namespace nb101 {

inline constexpr std::size_t kNumRandom = 5000;
inline constexpr std::size_t kNumStarts = 10;  // of each kind
inline constexpr int kPlateauSteps = 10;       // moves to a neighbour that is as good

// Returns where the local searches ended, the greatest expected improvement first; chance decides
// between equal ones. `known` are the different configurations that the forest learned from, at
// least one. The result may contain some of them, and a configuration twice.
std::vector<Code> find_challengers(const RandomForest& forest, std::span<const Code> known,
                                   RandomStream& random);

}  // namespace nb101
