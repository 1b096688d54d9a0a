#include "nb101/split_history.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

namespace nb101 {
namespace {

constexpr std::size_t kAll = 31;  // the number that is about all configurations, see ByBit

// From a table, because a shift by another number in each lane is slow without AVX2.
constexpr std::array<Code, 32> kBits = [] {
  std::array<Code, 32> bits{};
  for (std::size_t bit = 0; bit < bits.size(); ++bit) bits[bit] = Code{1} << bit;
  return bits;
}();

}  // namespace

void SplitHistory::add_to(ByBit& sums, Code code, double amount) noexcept {
  const Code counted = code | kUnusedCodeBit;
  for (std::size_t bit = 0; bit < sums.size(); ++bit) {
    sums[bit] += (counted & kBits[bit]) != 0 ? amount : 0;
  }
}

void SplitHistory::add_to(ByBit& sums, const ByBit& others) noexcept {
  for (std::size_t bit = 0; bit < sums.size(); ++bit) sums[bit] += others[bit];
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

// The rank of a configuration is the number of those above that came before it: its time, less the
// number of those below that came before it. The weights follow from the ranks. To sum the ranks
// without a pass over the history, the sums of the times are corrected for the few below. So a call
// takes the same time however long the history is.
SplitHistory::Counts SplitHistory::counts(std::size_t num_below) const noexcept {
  const std::span below(best_.data(), num_below);
  ByBit below_counts{};
  ByBit below_ranks{};
  ByBit up_to_below{};             // for each of those below, how many came before it, and itself
  std::uint64_t recent_below = 0;  // bit i stands for the configuration of time size_ - 1 - i
  for (const Configuration& one : below) {
    const auto earlier = std::ranges::count_if(
        below, [&](const Configuration& other) { return other.time < one.time; });
    add_to(below_counts, one.code, 1);
    add_to(below_ranks, one.code, static_cast<double>(one.time) - static_cast<double>(earlier));
    add_to(up_to_below, one.counts_up_to_it);
    const std::size_t age = size_ - 1 - one.time;
    if (age < kRecent) recent_below |= std::uint64_t{1} << age;
  }
  // The last ones above have weight 1. All before them are on the ramp.
  const std::size_t num_above = size_ - num_below;
  const std::size_t num_flat = std::min(num_above, kNeverForgotten);
  ByBit flat_counts{};
  ByBit flat_places{};  // sums of the ranks, which are counted here from the end of the ramp
  for (std::size_t age = 0, left = num_flat; left > 0; ++age) {
    if ((recent_below >> age & 1) != 0) continue;
    add_to(flat_places, flat_counts);  // the later ones have a place more
    add_to(flat_counts, recent_[(size_ - 1 - age) % kRecent], 1);
    --left;
  }
  // A configuration of rank r on the ramp has the weight 1 / n + r * (1 - 1 / n) / s, where n is
  // num_above, and the ramp has s steps. Times n * s, this is s + r * (n - 1).
  const auto n = static_cast<double>(num_above);
  const auto num_ramp = static_cast<double>(num_above - num_flat);
  const double steps = num_ramp > 1 ? num_ramp - 1 : 1;
  const double unit = num_ramp > 0 ? n * steps : 1;
  ByBit above_sums;
  for (std::size_t bit = 0; bit < above_sums.size(); ++bit) {
    const double flat = flat_counts[bit];
    const double ramp = counts_[bit] - below_counts[bit] - flat;
    // The rank of a configuration is its time less the number of those below that came before it.
    // So the sum of all ranks is the sum of all times, less the number of pairs of one below and a
    // later one. The ranks of those below are subtracted too, which leaves the ranks of those
    // above.
    const double ranks = times_[bit] -
                         (static_cast<double>(num_below) * counts_[bit] - up_to_below[bit]) -
                         below_ranks[bit];
    const double ramp_ranks = ranks - (flat * num_ramp + flat_places[bit]);
    above_sums[bit] = flat * unit + ramp * steps + ramp_ranks * (n - 1);
  }
  return {by_value(below_counts), by_value(above_sums), unit};
}

}  // namespace nb101
