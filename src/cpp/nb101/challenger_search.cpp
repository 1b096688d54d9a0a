#include "nb101/challenger_search.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <tuple>

#include "nb101/change.hpp"
#include "nb101/expected_improvement.hpp"
#include "nb101/sampling.hpp"

namespace nb101 {
namespace {

// Returns the configurations that differ from this one in one parameter. Their order is that of
// ConfigSpace: a parameter is drawn, each with the same probability as long as it has changes left.
std::array<Code, kNumSingleChanges> neighbors_in_random_order(Code code, RandomStream& random) {
  std::array<Code, kNumSingleChanges> neighbors;
  std::array<std::uint8_t, kNumParameters> open;
  std::iota(open.begin(), open.end(), std::uint8_t{0});
  std::array<std::uint8_t, kMaxInterior> last_change{};  // of a label; 0 if both are left
  std::uint32_t num_open = kNumParameters;
  for (Code& neighbor : neighbors) {
    const std::uint32_t drawn = random.below(num_open);
    const std::size_t parameter = open[drawn];
    std::size_t change = parameter;
    bool is_last = true;
    if (parameter >= kMatrixBits) {
      std::uint8_t& last = last_change[parameter - kMatrixBits];
      const std::size_t first = 2 * parameter - kMatrixBits;
      is_last = last != 0;
      change = is_last ? last : first + random.below(2);
      last = static_cast<std::uint8_t>(2 * first + 1 - change);
    }
    neighbor = changed(code, kSingleChanges[change]);
    if (is_last) open[drawn] = open[--num_open];
  }
  return neighbors;
}

struct Candidate {
  Code code;
  double improvement;
};

class ChallengerSearch {
 public:
  ChallengerSearch(const RandomForest& forest, RandomStream& random)
      : forest_(forest), random_(random), sampler_(Sampling::all) {}

  // Searches from the known configurations, and from random ones. The result is in no order.
  std::vector<Candidate> search(std::span<const Code> known);

  Code random_code() { return sampler_(random_.word()); }

 private:
  void predict(std::span<const Code> codes);
  std::vector<Code> starts_among(std::span<const Code> known);
  std::vector<Code> random_starts();
  Candidate climb(Code start);

  const RandomForest& forest_;
  RandomStream& random_;
  Sampler sampler_;
  ImprovementBound bound_;
  double best_ = 0;                // the lowest cost that is predicted for a known configuration
  std::vector<double> means_;      // of the last prediction
  std::vector<double> variances_;  // of the last prediction
};

std::vector<Candidate> ChallengerSearch::search(std::span<const Code> known) {
  std::vector<Code> starts = starts_among(known);
  for (const Code code : random_starts()) {
    if (std::ranges::find(starts, code) == starts.end()) starts.push_back(code);
  }
  for (std::size_t i = known.size(); i < kNumStarts; ++i) starts.push_back(random_code());
  std::vector<Candidate> ends;
  ends.reserve(starts.size());
  for (const Code start : starts) ends.push_back(climb(start));
  return ends;
}

void ChallengerSearch::predict(std::span<const Code> codes) {
  means_.resize(codes.size());
  variances_.resize(codes.size());
  forest_.predict(codes, means_.data(), variances_.data());
}

// Returns the known configurations with the lowest predicted costs, the lowest first. Chance
// decides between equal predictions.
std::vector<Code> ChallengerSearch::starts_among(std::span<const Code> known) {
  predict(known);
  best_ = *std::ranges::min_element(means_);
  struct Ranked {
    double mean;
    std::uint64_t chance;
    Code code;
    auto key() const { return std::tie(mean, chance); }
  };
  std::vector<Ranked> lowest;  // a heap with the highest on top
  for (std::size_t i = 0; i < known.size(); ++i) {
    const Ranked next{means_[i], random_.word(), known[i]};
    if (lowest.size() == kNumStarts) {
      if (next.key() >= lowest.front().key()) continue;
      std::ranges::pop_heap(lowest, {}, &Ranked::key);
      lowest.pop_back();
    }
    lowest.push_back(next);
    std::ranges::push_heap(lowest, {}, &Ranked::key);
  }
  std::ranges::sort_heap(lowest, {}, &Ranked::key);
  std::vector<Code> codes(lowest.size());
  std::ranges::transform(lowest, codes.begin(), &Ranked::code);
  return codes;
}

// Returns the most promising of the random configurations. Of two that are equally promising, the
// one that was drawn first counts, which is as fair as chance.
std::vector<Code> ChallengerSearch::random_starts() {
  std::vector<Code> drawn(kNumRandom);
  for (Code& code : drawn) code = random_code();
  predict(drawn);
  std::vector<Candidate> best;  // the most promising first
  for (std::size_t i = 0; i < kNumRandom; ++i) {
    if (best.size() == kNumStarts) {
      const double least = best.back().improvement;
      if (bound_(means_[i], variances_[i], best_) <= least) continue;
    }
    const double improvement = expected_improvement(means_[i], variances_[i], best_);
    const auto place =
        std::ranges::upper_bound(best, improvement, std::greater{}, &Candidate::improvement);
    best.insert(place, {drawn[i], improvement});
    if (best.size() > kNumStarts) best.pop_back();
  }
  std::vector<Code> codes(best.size());
  std::ranges::transform(best, codes.begin(), &Candidate::code);
  return codes;
}

// Moves to the first neighbour that is better. If none is, it moves to the first that is as good,
// but not more often than kPlateauSteps.
Candidate ChallengerSearch::climb(Code start) {
  double mean;
  double variance;
  forest_.predict({&start, 1}, &mean, &variance);
  Candidate place{start, expected_improvement(mean, variance, best_)};
  for (int plateau_steps = 0; plateau_steps < kPlateauSteps;) {
    const auto neighbors = neighbors_in_random_order(place.code, random_);
    std::array<double, kNumSingleChanges> means;
    std::array<double, kNumSingleChanges> variances;
    forest_.predict(neighbors, means.data(), variances.data());
    const double improvement = place.improvement;
    const Code* as_good = nullptr;
    for (std::size_t i = 0; i < neighbors.size(); ++i) {
      if (bound_(means[i], variances[i], best_) < improvement) continue;
      const double found = expected_improvement(means[i], variances[i], best_);
      if (found > improvement) {
        place = {neighbors[i], found};
        break;
      }
      if (found == improvement && as_good == nullptr) as_good = &neighbors[i];
    }
    if (place.improvement > improvement) continue;
    if (as_good == nullptr) break;
    place.code = *as_good;
    ++plateau_steps;
  }
  return place;
}

}  // namespace

std::vector<Code> find_challengers(const RandomForest& forest, std::span<const Code> known,
                                   RandomStream& random) {
  std::vector<Candidate> ends = ChallengerSearch(forest, random).search(known);
  random.shuffle(ends);
  std::ranges::stable_sort(ends, std::greater{}, &Candidate::improvement);
  std::vector<Code> codes(ends.size());
  std::ranges::transform(ends, codes.begin(), &Candidate::code);
  return codes;
}

}  // namespace nb101
