#include "nb101/split_history.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

namespace nb101 {
namespace {

constexpr std::size_t kAll = 31;  // the number that is about all configurations, see ByBit

}  // namespace

void SplitHistory::add_to(ByBit& sums, Code code, double amount) noexcept {
  const Code counted = code | kUnusedCodeBit;
  for (std::size_t bit = 0; bit < sums.size(); ++bit) {
    sums[bit] += (counted & Code{1} << bit) != 0 ? amount : 0;
  }
}

ByValue SplitHistory::by_value(const ByBit& sums) noexcept {
  ByValue values;
  for (std::size_t parameter = 0; parameter < kNumParameters; ++parameter) {
    const std::size_t bit = first_bit(parameter);
    const double first = sums[bit];
    const double second = num_values(parameter) == kMostValues ? sums[bit + 1] : 0;
    values[parameter] = {sums[kAll] - first - second, first, second};
  }
  return values;
}

void SplitHistory::add(Code code, double loss) {
  add_to(counts_, code, 1);
  add_to(times_, code, static_cast<double>(size_));
  recent_[size_ % kRecent] = code;
  const auto place = std::ranges::upper_bound(best_, loss, {}, &Configuration::loss);
  if (place != best_.begin() + kMostBelow) {
    best_.insert(place, {code, loss, size_, counts_});
    if (best_.size() > kMostBelow) best_.pop_back();
  }
  ++size_;
}

// The rank of a configuration is the number of those above that came before it. The sums of the
// weights follow from sums of ranks. To find these without a pass over the history, they are first
// taken to be the times, and corrected for the few below. So a call takes the same time however
// long the history is.
SplitHistory::Counts SplitHistory::counts(std::size_t num_below) const noexcept {
  const std::span below(best_.data(), num_below);
  ByBit below_counts{};
  ByBit counts = counts_;
  ByBit ranks = times_;
  std::uint64_t recent_below = 0;  // bit i stands for the configuration of time size_ - 1 - i
  for (const Configuration& split : below) {
    // Those after it have a rank that is less by 1.
    for (std::size_t bit = 0; bit < ranks.size(); ++bit) {
      ranks[bit] -= counts_[bit] - split.counts_up_to_it[bit];
    }
    const auto earlier = std::ranges::count_if(
        below, [&](const Configuration& other) { return other.time < split.time; });
    add_to(ranks, split.code, -(static_cast<double>(split.time) - static_cast<double>(earlier)));
    add_to(counts, split.code, -1);
    add_to(below_counts, split.code, 1);
    const std::size_t age = size_ - 1 - split.time;
    if (age < kRecent) recent_below |= std::uint64_t{1} << age;
  }
  // The last ones above have weight 1. They are taken out of the sums of those before them.
  const std::size_t num_above = size_ - num_below;
  const std::size_t num_ramp = num_above - std::min(num_above, kNeverForgotten);
  ByBit flat_counts{};
  for (std::size_t age = 0, rank = num_above; rank > num_ramp; ++age) {
    if ((recent_below >> age & 1) != 0) continue;
    const Code code = recent_[(size_ - 1 - age) % kRecent];
    --rank;
    add_to(ranks, code, -static_cast<double>(rank));
    add_to(counts, code, -1);
    add_to(flat_counts, code, 1);
  }
  // A configuration of rank r has the weight 1 / n + r * (1 - 1 / n) / s, where n is num_above and
  // s the number of steps between the num_ramp weights. Times n * s, this is s + r * (n - 1).
  const auto n = static_cast<double>(num_above);
  const double steps = num_ramp > 1 ? static_cast<double>(num_ramp - 1) : 1;
  const double unit = num_ramp > 0 ? n * steps : 1;
  Counts found{by_value(below_counts), by_value(flat_counts), unit};
  const ByValue ramp_counts = by_value(counts);
  const ByValue ramp_ranks = by_value(ranks);
  for (std::size_t i = 0; i < kNumParameters; ++i) {
    for (std::size_t j = 0; j < kMostValues; ++j) {
      double& sum = found.above[i][j];
      sum = unit * sum + steps * ramp_counts[i][j] + (n - 1) * ramp_ranks[i][j];
    }
  }
  return found;
}

}  // namespace nb101
