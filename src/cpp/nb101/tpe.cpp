#include "nb101/tpe.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace nb101 {
namespace {

constexpr double kPriorWeight = 1;  // Hyperopt adds it to the count of each value

double power(double base, std::uint32_t exponent) noexcept {
  double result = 1;
  for (; exponent != 0; exponent >>= 1, base *= base) {
    if ((exponent & 1) != 0) result *= base;
  }
  return result;
}

// `unit` is what the weight 1 counts for.
ByValue probabilities(const ByValue& counts, double unit) noexcept {
  ByValue shares{};
  for (std::size_t parameter = 0; parameter < kNumParameters; ++parameter) {
    const std::size_t count = num_values(parameter);
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      sum += shares[parameter][i] = counts[parameter][i] + kPriorWeight * unit;
    }
    for (std::size_t i = 0; i < count; ++i) shares[parameter][i] /= sum;
  }
  return shares;
}

}  // namespace

Tpe::Tpe(const Settings& settings, const SimulatedTraining& training, std::uint64_t seed)
    : settings_(settings),
      sampler_(Sampling::all),
      budget_(final_budget(training)),
      random_(seed) {}

Tpe::Densities Tpe::densities(const Settings& settings, const SplitHistory& history) noexcept {
  const auto size = static_cast<double>(history.size());
  const double good = std::ceil(settings.gamma * std::sqrt(size));
  const double most = std::min(size, static_cast<double>(SplitHistory::kMostBelow));
  const auto [below, above, unit] = history.counts(static_cast<std::size_t>(std::min(good, most)));
  return {probabilities(below, 1), probabilities(above, unit)};
}

// Draws the candidates from `below`, and returns the one that has the highest score. If several
// have it, the one drawn first is returned. One draw does for all candidates: the probability that
// none of n candidates has one of some values is (1 - the sum of their probabilities)^n.
std::size_t Tpe::best_candidate(std::span<const double> below,
                                std::span<const double> above) noexcept {
  std::array<double, kMostValues> scores;
  std::array<std::size_t, kMostValues> order;
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(below.size());
  std::iota(order.begin(), end, 0);
  for (std::size_t i = 0; i < below.size(); ++i)
    scores[i] = std::log(below[i]) - std::log(above[i]);
  std::sort(order.begin(), end,
            [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });

  const double fraction = random_.fraction();
  double rest = 1;         // the probability of the values that come next in the order
  double probability = 1;  // that all candidates are among these
  for (auto first = order.begin();;) {
    const auto last =
        std::find_if(first, end, [&](std::size_t value) { return scores[value] < scores[*first]; });
    double share = 0;
    for (auto value = first; value != last; ++value) share += below[*value];
    rest = last == end ? 0 : rest - share;
    const double others = power(rest, settings_.num_candidates);
    if (fraction < others) {
      first = last;
      probability = others;
      continue;
    }
    // A candidate has one of these values. The first one to have one decides between equal scores.
    double place = (fraction - others) / (probability - others) * share;
    for (; first + 1 != last && place >= below[*first]; ++first) place -= below[*first];
    return *first;
  }
}

Proposal Tpe::ask() noexcept {
  if (history_.size() < settings_.num_startup) return {sampler_(random_.word()), budget_};
  const auto [below, above] = densities(settings_, history_);
  Code code = 0;
  for (std::size_t parameter = 0; parameter < kNumParameters; ++parameter) {
    const std::size_t count = num_values(parameter);
    const std::size_t value = best_candidate(std::span(below[parameter]).first(count),
                                             std::span(above[parameter]).first(count));
    code |= static_cast<Code>(value) << first_bit(parameter);
  }
  return {code, budget_};
}

void Tpe::tell(const Trial& trial) {
  const double loss = 1 - trial.outcome.validation_accuracy;
  if (std::isnan(loss)) return;  // Hyperopt's model ignores such a trial
  history_.add(trial.proposal.code, loss);
}

}  // namespace nb101
