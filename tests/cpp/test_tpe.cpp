#include <doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "nb101/random.hpp"
#include "nb101/sampling.hpp"
#include "nb101/tpe.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

struct Seen {
  Code code;
  double loss;
};

// Draws configurations whose losses have many ties.
std::vector<Seen> made_up(std::size_t count) {
  std::vector<Code> codes(count);
  sample(Sampling::all, 3, codes);
  RandomStream random(5);
  std::vector<Seen> history;
  for (const Code code : codes) history.push_back({code, random.below(30) / 32.0});
  return history;
}

int value_of(Code code, std::size_t parameter) {
  return static_cast<int>(code >> first_bit(parameter)) & (num_values(parameter) == 2 ? 1 : 3);
}

// Returns the weights of configurations, the first of which is the oldest.
std::vector<double> plain_weights(std::size_t count) {
  std::vector<double> weights(count, 1);
  for (std::size_t rank = 0; rank + 25 < count; ++rank) {
    weights[rank] = 1.0 / static_cast<double>(count);
    if (rank > 0) {
      weights[rank] += static_cast<double>(rank) * (1 - 1.0 / static_cast<double>(count)) /
                       static_cast<double>(count - 26);
    }
  }
  return weights;
}

ByValue plain_counts(const std::vector<Code>& codes) {
  ByValue counts{};
  const std::vector<double> weights = plain_weights(codes.size());
  for (std::size_t parameter = 0; parameter < kNumParameters; ++parameter) {
    for (std::size_t i = 0; i < codes.size(); ++i) {
      counts[parameter][static_cast<std::size_t>(value_of(codes[i], parameter))] += weights[i];
    }
  }
  return counts;
}

double greatest_difference(const ByValue& a, const ByValue& b, double unit) {
  double greatest = 0;
  for (std::size_t i = 0; i < kNumParameters; ++i) {
    for (std::size_t j = 0; j < kMostValues; ++j) {
      greatest = std::max(greatest, std::abs(a[i][j] / unit - b[i][j]));
    }
  }
  return greatest;
}

// Returns an optimizer that was told a history.
Tpe told(const Tpe::Settings& settings, const std::vector<Seen>& history) {
  const TemporaryFolder folder;
  write_sample_index(folder.file("i"), sample_runs());
  const IndexFile file(folder.file("i"), Verify::header);
  const SimulatedTraining training(file.view(), std::vector<std::size_t>{0}, Validity::raw_9,
                                   ReportedTest::mean);
  Tpe optimizer(settings, training, 7);
  for (const Seen& each : history) {
    optimizer.tell({.proposal = {each.code, 0}, .outcome = {1 - each.loss, 0}});
  }
  return optimizer;
}

constexpr int kAsked = 20'000;

// Returns how often each value is proposed, if the optimizer is told nothing more.
ByValue proposed(Tpe optimizer) {
  ByValue times{};
  for (int i = 0; i < kAsked; ++i) {
    const Code code = optimizer.ask().code;
    for (std::size_t parameter = 0; parameter < kNumParameters; ++parameter) {
      ++times[parameter][static_cast<std::size_t>(value_of(code, parameter))];
    }
  }
  return times;
}

// Returns the probability that each value is the best of three candidates. It tries all candidates.
std::array<double, 3> best_of_three(const std::array<double, 3>& below,
                                    const std::array<double, 3>& above, std::size_t count) {
  std::array<double, 3> found{};
  const auto score = [&](std::size_t i) { return std::log(below[i]) - std::log(above[i]); };
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < count; ++b) {
      for (std::size_t c = 0; c < count; ++c) {
        std::size_t best = score(b) > score(a) ? b : a;
        best = score(c) > score(best) ? c : best;
        found[best] += below[a] * below[b] * below[c];
      }
    }
  }
  return found;
}

double chi_square(const std::array<double, 3>& times, const std::array<double, 3>& shares,
                  std::size_t count) {
  double statistic = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double expected = shares[i] * kAsked;
    statistic += (times[i] - expected) * (times[i] - expected) / expected;
  }
  return statistic;
}

// Returns a history in which the first label has the probabilities 1/2, 1/4 and 1/4, below and
// above, so its scores are equal. All other parameters have the value 0.
std::vector<Seen> equal_scores() {
  std::vector<Seen> history;
  for (const int label : {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2}) {
    history.push_back({label_bits(label, 1), history.empty() ? 0.25 : 0.5});
  }
  return history;
}

}  // namespace

TEST_CASE("the counts of a split history are those of plain sums at all times") {
  const std::vector<Seen> seen = made_up(400);
  SplitHistory history;
  for (std::size_t size = 1; size <= seen.size(); ++size) {
    history.add(seen[size - 1].code, seen[size - 1].loss);
    REQUIRE(history.size() == size);
    std::vector<std::size_t> order(size);
    for (std::size_t i = 0; i < size; ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return seen[i].loss; });
    for (const std::size_t num_below :
         {std::size_t{0}, std::min<std::size_t>(size, 3), std::min<std::size_t>(size, 25)}) {
      std::vector<bool> is_below(size);
      for (std::size_t i = 0; i < num_below; ++i) is_below[order[i]] = true;
      std::vector<Code> below, above;
      for (std::size_t i = 0; i < size; ++i) {
        (is_below[i] ? below : above).push_back(seen[i].code);
      }
      const SplitHistory::Counts counts = history.counts(num_below);
      REQUIRE(greatest_difference(counts.below, plain_counts(below), 1) == 0);
      REQUIRE(greatest_difference(counts.above, plain_counts(above), counts.above_unit) < 1e-10);
    }
  }
}

TEST_CASE("the densities of TPE are the shares of the counts, to which 1 is added") {
  const Tpe::Settings settings{.gamma = 1};
  SplitHistory history;
  for (const Seen& each : made_up(300)) {
    history.add(each.code, each.loss);
    std::size_t num_below = 1;  // the least whose square is not less than the size
    while (num_below * num_below < history.size()) ++num_below;
    const auto [below, above] = Tpe::densities(settings, history);
    const SplitHistory::Counts counts = history.counts(std::min<std::size_t>(num_below, 25));
    for (std::size_t parameter = 0; parameter < kNumParameters; ++parameter) {
      const auto check = [&](const ByValue& density, const ByValue& weights, double unit) {
        double sum = 0;
        for (std::size_t i = 0; i < num_values(parameter); ++i) sum += weights[parameter][i] + unit;
        for (std::size_t i = 0; i < num_values(parameter); ++i) {
          REQUIRE(density[parameter][i] == doctest::Approx((weights[parameter][i] + unit) / sum));
        }
      };
      check(below, counts.below, 1);
      check(above, counts.above, counts.above_unit);
    }
  }
}

TEST_CASE("the best candidate is distributed as that of all sequences of candidates") {
  const Tpe::Settings settings{.num_startup = 1, .num_candidates = 3};
  for (const std::vector<Seen>& seen : {equal_scores(), made_up(26), made_up(300)}) {
    SplitHistory history;
    for (const Seen& each : seen) history.add(each.code, each.loss);
    const auto [below, above] = Tpe::densities(settings, history);
    const ByValue times = proposed(told(settings, seen));
    for (std::size_t parameter = 0; parameter < kNumParameters; ++parameter) {
      const std::size_t count = num_values(parameter);
      const std::array<double, 3> shares = best_of_three(below[parameter], above[parameter], count);
      // Chance exceeds it once in 100,000 times, with two degrees of freedom.
      REQUIRE(chi_square(times[parameter], shares, count) < 23);
    }
  }
}

TEST_CASE("the first configurations of TPE are uniform, and the next is not") {
  const Tpe::Settings settings{.num_startup = 14};
  std::vector<Seen> seen = equal_scores();
  CHECK(proposed(told(settings, seen))[0][1] > 0.9 * kAsked);  // those above lack this edge
  seen.pop_back();
  CHECK(proposed(told(settings, seen))[0][1] == doctest::Approx(0.5 * kAsked).epsilon(0.05));
}

TEST_CASE("TPE ignores an accuracy that is not a number") {
  std::vector<Seen> seen = made_up(30);
  Tpe expected = told({}, seen);
  seen.push_back({32, std::numeric_limits<double>::quiet_NaN()});
  Tpe found = told({}, seen);
  for (int i = 0; i < 20; ++i) CHECK(found.ask().code == expected.ask().code);
}

}  // namespace nb101
