// Exact Pareto fronts, and the volume that points dominate. Less is better in every objective.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nb101 {

// A view of points, one after another. A point with a NaN takes no part in anything.
struct Points {
  std::span<const double> values;
  std::size_t num_objectives = 1;

  std::size_t size() const noexcept { return values.size() / num_objectives; }
  const double* operator[](std::size_t position) const noexcept {
    return values.data() + position * num_objectives;
  }
};

// Positions, ascending, of the points that no other dominates, that is: is nowhere worse than and
// somewhere better. Equal points stay together. O(n log n) for three objectives or fewer.
std::vector<std::int32_t> pareto_front(const Points& points);

// The volume of all that the points dominate and a finite reference bounds; a point that is not
// below the reference in every objective adds nothing. O(n log n) for three objectives or fewer.
double hypervolume(const Points& points, std::span<const double> reference);

}  // namespace nb101
