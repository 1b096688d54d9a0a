// Computes exact Pareto fronts and the volume that points dominate. Less is better in every
// objective.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nb101 {

// A view of points that lie one after another. A point with a NaN is ignored.
struct Points {
  std::span<const double> values;
  std::size_t num_objectives = 1;

  std::size_t size() const noexcept { return values.size() / num_objectives; }
  const double* operator[](std::int32_t position) const noexcept {
    return values.data() + static_cast<std::size_t>(position) * num_objectives;
  }
};

// Returns whether a point is nowhere worse than another and somewhere better. No coordinate may be
// NaN.
bool dominates(const double* p, const double* q, std::size_t num_objectives) noexcept;

// Returns the ascending positions of the points that no other point dominates. Of equal points, all
// or none are in the front. It takes O(n log n) for three objectives or fewer.
std::vector<std::int32_t> pareto_front(const Points& points);

// Returns the volume of the region that the points dominate, up to a finite reference point. A
// point that is not below the reference in every objective adds nothing. It takes O(n log n) for
// three objectives or fewer.
double hypervolume(const Points& points, std::span<const double> reference);

}  // namespace nb101
