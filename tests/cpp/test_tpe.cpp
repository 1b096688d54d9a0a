#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "nb101/random.hpp"
#include "nb101/sampling.hpp"
#include "nb101/tpe.hpp"

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

TEST_CASE("the densities of TPE are probabilities, and no value has the probability 0") {
  const Tpe::Settings settings{.gamma = 1};
  SplitHistory history;
  for (const Seen& each : made_up(300)) {
    const auto [below, above] = Tpe::densities(settings, history);
    for (const ByValue& density : {below, above}) {
      for (std::size_t parameter = 0; parameter < kNumParameters; ++parameter) {
        double sum = 0;
        for (std::size_t i = 0; i < num_values(parameter); ++i) {
          REQUIRE(density[parameter][i] > 0);
          sum += density[parameter][i];
        }
        REQUIRE(sum == doctest::Approx(1));
      }
    }
    history.add(each.code, each.loss);
  }
}

}  // namespace nb101
