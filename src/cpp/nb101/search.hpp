// Many runs of one optimizer, in step: while one waits for memory, the others go on.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "nb101/evolution.hpp"
#include "nb101/hyperband.hpp"
#include "nb101/local_search.hpp"
#include "nb101/random_search.hpp"
#include "nb101/reinforce.hpp"

namespace nb101 {

using Optimizer = std::variant<RandomSearch, Evolution, LocalSearch, Hyperband, Reinforce>;
using OptimizerSettings =
    std::variant<RandomSearch::Settings, Evolution::Settings, LocalSearch::Settings,
                 Hyperband::Settings, Reinforce::Settings>;

// What run number `run` of a seed starts from: run and seed alone decide all that it does.
struct RunSeeds {
  std::uint64_t optimizer;
  std::uint64_t repeats;
};
constexpr RunSeeds run_seeds(std::uint64_t seed, std::uint64_t run) noexcept {
  const std::uint64_t of_run = random_word(seed, run);
  return {random_word(of_run, 0), random_word(of_run, 1)};
}

Optimizer make_optimizer(const OptimizerSettings& settings, const SimulatedTraining& training,
                         std::uint64_t seed);

struct SearchPlan {
  double budget_seconds;
  std::uint64_t seed;
  std::uint64_t first_run;
  std::size_t num_runs;
  Recorded recorded = Recorded::incumbents;
};

// By run, each until its budget is spent. Throws std::invalid_argument where one spends nothing in
// ten million proposals.
std::vector<SearchRun> search(const SimulatedTraining& training, const OptimizerSettings& settings,
                              const SearchPlan& plan, int threads);

}  // namespace nb101
