// Runs one optimizer many times. Several runs advance in turns, so that the others go on while one
// waits for memory.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "nb101/bohb.hpp"
#include "nb101/evolution.hpp"
#include "nb101/hyperband.hpp"
#include "nb101/local_search.hpp"
#include "nb101/nsga2.hpp"
#include "nb101/random_search.hpp"
#include "nb101/reinforce.hpp"
#include "nb101/smac.hpp"
#include "nb101/tpe.hpp"

namespace nb101 {

using Optimizer = std::variant<RandomSearch, Evolution, LocalSearch, Hyperband, Reinforce, Tpe,
                               Bohb, Smac, Nsga2>;
using OptimizerSettings =
    std::variant<RandomSearch::Settings, Evolution::Settings, LocalSearch::Settings,
                 Hyperband::Settings, Reinforce::Settings, Tpe::Settings, Bohb::Settings,
                 Smac::Settings, Nsga2::Settings>;

// The seeds of run number `run`. The result of a run depends only on its number and the seed.
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
  Limits limits;
  std::uint64_t seed;
  std::uint64_t first_run;
  std::size_t num_runs;
  Recorded recorded = Recorded::incumbents;
};

// Makes the runs, each until one of its limits is reached. Throws std::invalid_argument if a run
// makes kMostFreeInARow proposals in a row that cost nothing.
std::vector<SearchRun> search(const SimulatedTraining& training, const OptimizerSettings& settings,
                              const SearchPlan& plan, int threads);

}  // namespace nb101
