// Sorts points into fronts, as NSGA-II does (Deb et al., 2002). Less is better in every objective.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nb101/pareto.hpp"

namespace nb101 {

// Returns the positions of the points, front after front: the points that no other point dominates,
// then those that only points of the first front dominate, and so on. The positions of a front
// ascend. It takes O(n^2), by Zhang et al., 2015. No coordinate may be NaN.
std::vector<std::vector<std::int32_t>> dominance_sort(const Points& points);

// Returns how far the neighbours of each point of a front are apart: the sum, over the objectives,
// of the gap between the next smaller and the next greater value, divided by the range of the
// front. A point at an end has an infinite distance. Of equal values, the one at the lower position
// counts as smaller. An objective adds nothing if its range is 0 or infinite.
std::vector<double> crowding_distances(const Points& points, std::span<const std::int32_t> front);

}  // namespace nb101
