#include "nb101/dominance_sort.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "nb101/stop.hpp"

namespace nb101 {

// The points come in the order of their coordinates, so no point is dominated by a later one. Each
// joins the first front that has no point that dominates it.
std::vector<std::vector<std::int32_t>> dominance_sort(const Points& points) {
  const std::size_t length = points.num_objectives;
  std::vector<std::int32_t> order(points.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](std::int32_t a, std::int32_t b) {
    return std::lexicographical_compare(points[a], points[a] + length, points[b],
                                        points[b] + length);
  });
  std::vector<std::vector<std::int32_t>> fronts;
  for (const std::int32_t position : order) {
    check_stop();
    const auto has_room = [&](const std::vector<std::int32_t>& front) {
      // From the last one on, which is the likeliest. Clang 14 has no views of libstdc++.
      return std::ranges::none_of(front.rbegin(), front.rend(), [&](std::int32_t other) {
        return dominates(points[other], points[position], length);
      });
    };
    auto front = std::ranges::find_if(fronts, has_room);
    if (front == fronts.end()) front = fronts.emplace(front);
    front->push_back(position);
  }
  for (auto& front : fronts) std::ranges::sort(front);
  return fronts;
}

std::vector<double> crowding_distances(const Points& points, std::span<const std::int32_t> front) {
  std::vector<double> distances(front.size(), 0);
  std::vector<std::size_t> order(front.size());
  if (front.empty()) return distances;
  for (std::size_t k = 0; k < points.num_objectives; ++k) {
    const auto value = [&](std::size_t member) { return points[front[member]][k]; };
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, value);
    const double range = value(order.back()) - value(order.front());
    if (!(range > 0) || std::isinf(range)) continue;
    for (std::size_t i = 1; i + 1 < order.size(); ++i) {
      distances[order[i]] += (value(order[i + 1]) - value(order[i - 1])) / range;
    }
    distances[order.front()] = distances[order.back()] = std::numeric_limits<double>::infinity();
  }
  return distances;
}

}  // namespace nb101
