#include "nb101/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

#include "nb101/stop.hpp"

namespace nb101 {
namespace {

constexpr std::size_t kSwept = 3;  // up to so many objectives, a sweep replaces the comparisons

using Positions = std::vector<std::int32_t>;

// The region that points of a plane dominate. For each y it keeps the least z, which falls as y
// grows.
class Staircase {
 public:
  bool covers(double y, double z) const noexcept {
    const auto after = steps_.upper_bound(y);
    return after != steps_.begin() && std::prev(after)->second <= z;
  }

  // Adds a point that is not covered. Returns by how much the dominated area grows, up to the
  // corner.
  double add(double y, double z, double corner_y, double corner_z) {
    auto next = steps_.lower_bound(y);
    double left = y;
    double top = next == steps_.begin() ? corner_z : std::prev(next)->second;
    double gained = 0;
    for (; next != steps_.end() && next->second >= z; next = steps_.erase(next)) {
      gained += (next->first - left) * (top - z);
      left = next->first;
      top = next->second;
    }
    const double right = next == steps_.end() ? corner_y : next->first;
    steps_.emplace_hint(next, y, z);
    return gained + (right - left) * (top - z);
  }

 private:
  std::map<double, double> steps_;
};

// The front of the points so far, which come in the order of their coordinates. No later point is
// better in the first objective, so only the other two, at most, are compared by a staircase. The
// point that is asked about must differ from all points of the front.
class SweptFront {
 public:
  explicit SweptFront(std::size_t num_objectives) : num_objectives_(num_objectives) {}

  bool dominates(const double* p) const noexcept { return staircase_.covers(y(p), z(p)); }
  void add(const double* p) { staircase_.add(y(p), z(p), 0, 0); }

 private:
  double y(const double* p) const noexcept { return num_objectives_ > 1 ? p[1] : 0; }
  double z(const double* p) const noexcept { return num_objectives_ > 2 ? p[2] : 0; }

  std::size_t num_objectives_;
  Staircase staircase_;
};

// A list of points with any number of objectives. It compares a point with each of them.
class ListedFront {
 public:
  explicit ListedFront(std::size_t num_objectives) : num_objectives_(num_objectives) {}

  bool dominates(const double* p) noexcept {
    for (std::size_t i = 0; i < listed_.size(); ++i) {
      if (!nb101::dominates(listed_[i], p, num_objectives_)) continue;
      std::swap(listed_[i], listed_[i / 2]);  // it probably dominates others too, so it moves up
      return true;
    }
    return false;
  }
  void add(const double* p) { listed_.push_back(p); }

 private:
  std::size_t num_objectives_;
  std::vector<const double*> listed_;
};

bool are_equal(const double* p, const double* q, std::size_t num_objectives) noexcept {
  return std::equal(p, p + num_objectives, q);
}

// Sorts by the first objective, then by the second, and so on. No point is dominated by a later
// one.
void sort_by_coordinates(const Points& points, Positions& positions) {
  const std::size_t length = points.num_objectives;
  std::ranges::sort(positions, [&](std::int32_t a, std::int32_t b) {
    const double* const p = points[a];
    const double* const q = points[b];
    return std::lexicographical_compare(p, p + length, q, q + length);
  });
}

// Returns the front of the points at these positions, in the order of their coordinates.
template <class Front>
Positions walk(const Points& points, Positions positions) {
  sort_by_coordinates(points, positions);
  Front front(points.num_objectives);
  Positions kept;
  for (const std::int32_t position : positions) {
    check_stop();
    const double* const p = points[position];
    if (kept.empty() || !are_equal(points[kept.back()], p, points.num_objectives)) {
      if (front.dominates(p)) continue;
      front.add(p);
    }
    kept.push_back(position);
  }
  return kept;
}

Positions front_of(const Points& points, Positions positions) {
  return points.num_objectives <= kSwept ? walk<SweptFront>(points, std::move(positions))
                                         : walk<ListedFront>(points, std::move(positions));
}

Positions every_nth(const Positions& positions, std::size_t n) {
  Positions chosen;
  for (std::size_t i = 0; i < positions.size(); i += n) chosen.push_back(positions[i]);
  return chosen;
}

// Removes the points that a few points of a sample's front dominate. These are nearly all points,
// and they then need no sorting.
Positions without_the_weak(const Points& points, Positions positions) {
  constexpr std::size_t kSampled = 64;  // one point in 64 is sampled
  constexpr std::size_t kMaxStrong = 64;
  const Positions sampled = front_of(points, every_nth(positions, kSampled));
  ListedFront strong(points.num_objectives);
  for (const std::int32_t position : every_nth(sampled, sampled.size() / kMaxStrong + 1)) {
    strong.add(points[position]);
  }
  std::erase_if(positions, [&](std::int32_t at) { return strong.dominates(points[at]); });
  return positions;
}

template <class IsWanted>
Positions positions_where(const Points& points, IsWanted is_wanted) {
  Positions positions;
  const auto size = static_cast<std::int32_t>(points.size());
  positions.reserve(points.size());
  for (std::int32_t i = 0; i < size; ++i) {
    if (is_wanted(points[i])) positions.push_back(i);
  }
  return positions;
}

// Computes the dominated volume in the objectives from `first` on.
class Volume {
 public:
  explicit Volume(std::span<const double> reference) : reference_(reference) {}

  double operator()(std::vector<const double*> points, std::size_t first) const {
    check_stop();
    std::ranges::sort(points, {}, [first](const double* p) { return p[first]; });
    const bool is_swept = reference_.size() - first <= kSwept;
    return is_swept ? swept(points, first) : sliced(points, first);
  }

 private:
  // Returns how far a slice reaches along the objective: from point i to the next point.
  double thickness(std::span<const double* const> points, std::size_t i,
                   std::size_t first) const noexcept {
    const double end = i + 1 < points.size() ? points[i + 1][first] : reference_[first];
    return end - points[i][first];
  }

  double swept(std::span<const double* const> points, std::size_t first) const {
    // A missing objective counts as 0 with the reference 1, which does not change the volume.
    const std::size_t rest = reference_.size() - first;
    const double corner_y = rest > 1 ? reference_[first + 1] : 1;
    const double corner_z = rest > 2 ? reference_[first + 2] : 1;
    Staircase staircase;
    double area = 0;
    double volume = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double y = rest > 1 ? points[i][first + 1] : 0;
      const double z = rest > 2 ? points[i][first + 2] : 0;
      if (!staircase.covers(y, z)) area += staircase.add(y, z, corner_y, corner_z);
      volume += area * thickness(points, i, first);
    }
    return volume;
  }

  double sliced(std::span<const double* const> points, std::size_t first) const {
    double volume = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double depth = thickness(points, i, first);
      const auto slice = points.first(i + 1);
      if (depth > 0) volume += depth * (*this)({slice.begin(), slice.end()}, first + 1);
    }
    return volume;
  }

  std::span<const double> reference_;
};

}  // namespace

bool dominates(const double* p, const double* q, std::size_t num_objectives) noexcept {
  bool is_better = false;
  for (std::size_t k = 0; k < num_objectives; ++k) {
    if (p[k] > q[k]) return false;
    is_better |= p[k] < q[k];
  }
  return is_better;
}

std::vector<std::int32_t> pareto_front(const Points& points) {
  const std::size_t length = points.num_objectives;
  const auto has_no_nan = [length](const double* p) {
    return std::none_of(p, p + length, [](double value) { return std::isnan(value); });
  };
  Positions front = front_of(points, without_the_weak(points, positions_where(points, has_no_nan)));
  std::ranges::sort(front);
  return front;
}

double hypervolume(const Points& points, std::span<const double> reference) {
  const auto is_below = [reference](const double* p) {
    return std::equal(reference.begin(), reference.end(), p, std::greater<>());
  };
  const Positions front =
      front_of(points, without_the_weak(points, positions_where(points, is_below)));
  std::vector<const double*> on_front;
  on_front.reserve(front.size());
  for (const std::int32_t position : front) on_front.push_back(points[position]);
  return Volume(reference)(std::move(on_front), 0);
}

}  // namespace nb101
