#include "nb101/nsga2.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "nb101/dominance_sort.hpp"

namespace nb101 {
namespace {

// A child that equals a member or another child is drawn again. The last of so many draws is taken
// in any case.
constexpr int kMostDraws = 100;

// Returns the bits of a random half of the 26 parameters. Both bits of a label go together.
Code random_parameters(std::uint64_t word) noexcept {
  Code bits = static_cast<Code>(word) & kMatrixMask;
  for (int v = 1; v <= kMaxInterior; ++v) {
    if (word >> (kMatrixBits + v - 1) & 1) bits |= label_bits(3, v);
  }
  return bits;
}

}  // namespace

Nsga2::Nsga2(const Settings& settings, const SimulatedTraining& training, std::uint64_t seed)
    : settings_(settings),
      sampler_(settings.sampling),
      budget_(final_budget(training)),
      random_(seed) {
  members_.reserve(settings.population);
  codes_.reserve(2 * std::size_t{settings.population});
  told_.reserve(2 * std::size_t{settings.population} * settings.values->size());
}

Proposal Nsga2::ask() {
  return {members_.empty() ? sampler_(random_.word()) : next_child(), budget_};
}

void Nsga2::tell(const Trial& trial) {
  const double* const told = settings_.values->told(trial.cell_id, trial.repeat);
  codes_.push_back(trial.proposal.code);
  told_.insert(told_.end(), told, told + settings_.values->size());
  if (codes_.size() == members_.size() + settings_.population) select_members();
}

Code Nsga2::next_child() {
  Code code = child();
  for (int draw = 1; draw < kMostDraws && is_known(code); ++draw) code = child();
  return code;
}

Code Nsga2::child() {
  const Code one = hold_tournament().code;
  const Code other = hold_tournament().code;
  const bool is_crossed = random_.fraction() < settings_.crossover_rate;
  const Code parent = is_crossed ? cross(one, other) : one;
  Code code;
  mutate_({&parent, 1}, random_.word(), &code);
  return code;
}

// Returns the better of two members: the one of the lower front, or the less crowded one of the
// same front. If they are equal, the one drawn first counts.
const Nsga2::Member& Nsga2::hold_tournament() noexcept {
  const Member& one = members_[random_.below(settings_.population)];
  const Member& other = members_[random_.below(settings_.population)];
  if (one.front != other.front) return one.front < other.front ? one : other;
  return other.distance > one.distance ? other : one;
}

Code Nsga2::cross(Code one, Code other) noexcept {
  const Code of_other = random_parameters(random_.word());
  return (one & ~of_other) | (other & of_other);
}

bool Nsga2::is_known(Code code) const noexcept {
  return std::ranges::find(codes_, code) != codes_.end();
}

// Keeps the best of all that compete, front by front. Of the last front that has a place, the least
// crowded ones are kept.
void Nsga2::select_members() {
  const std::size_t length = settings_.values->size();
  const Points points{told_, length};
  std::vector<Member> members;
  std::vector<Code> codes;
  std::vector<double> told;
  const auto fronts = dominance_sort(points);
  for (std::uint32_t number = 0; members.size() < settings_.population; ++number) {
    const auto& front = fronts[number];
    const std::vector<double> distances = crowding_distances(points, front);
    const std::size_t num_places = settings_.population - members.size();
    std::vector<std::size_t> order(front.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (front.size() > num_places) {
      const auto distance = [&](std::size_t at) { return distances[at]; };
      std::ranges::stable_sort(order, std::greater<>(), distance);
      order.resize(num_places);
    }
    for (const std::size_t at : order) {
      const auto position = static_cast<std::size_t>(front[at]);
      members.push_back({codes_[position], number, distances[at]});
      codes.push_back(codes_[position]);
      const double* const values = points[front[at]];
      told.insert(told.end(), values, values + length);
    }
  }
  members_ = std::move(members);
  codes_ = std::move(codes);
  told_ = std::move(told);
}

}  // namespace nb101
