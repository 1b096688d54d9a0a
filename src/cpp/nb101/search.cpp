#include "nb101/search.hpp"

#include <algorithm>
#include <span>

#include "nb101/parallel.hpp"
#include "nb101/stop.hpp"

namespace nb101 {
namespace {

constexpr std::size_t kRunsInStep = 32;  // measured: their populations fit in the L1 and L2 caches

template <class Optimizer>
struct Lane {
  Optimizer optimizer;
  SearchRun* run;
  std::uint64_t number;
  Trial trial;
};

// Asks for the next proposal. If the optimizer ignores invalid configurations, they are passed over
// here, which saves their trials. Most proposals of random search are invalid.
template <class Optimizer>
Proposal next_proposal(Lane<Optimizer>& lane, const SimulatedTraining& training) {
  Proposal proposal = lane.optimizer.ask();
  if constexpr (Optimizer::kIgnoresInvalid) {
    for (; !training.has_valid_matrix(proposal.code); proposal = lane.optimizer.ask()) {
      lane.run->pass_over();
      lane.run->check_progress(lane.number);
    }
  }
  return proposal;
}

template <class Optimizer>
void run_in_step(std::vector<Lane<Optimizer>>& lanes, const SimulatedTraining& training) {
  constexpr std::size_t kStepsBetweenChecks = 64;
  for (std::size_t step = 0; !lanes.empty(); ++step) {
    if (step % kStepsBetweenChecks == 0) check_stop();
    for (auto& lane : lanes) {
      lane.trial.proposal = next_proposal(lane, training);
      training.prefetch(lane.trial.proposal.code);
    }
    for (auto& lane : lanes) lane.run->start(lane.trial);
    for (auto& lane : lanes) {
      if (!lane.run->finish(lane.trial)) continue;
      lane.optimizer.tell(lane.trial);
      lane.run->check_progress(lane.number);
    }
    std::erase_if(lanes, [](const auto& lane) { return lane.run->is_over(); });
  }
}

template <class Settings>
void run_part(const SimulatedTraining& training, const Settings& settings, const SearchPlan& plan,
              std::span<SearchRun> runs, std::size_t begin) {
  std::vector<Lane<typename Settings::Optimizer>> lanes;
  lanes.reserve(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::uint64_t number = plan.first_run + begin + i;
    const std::uint64_t seed = run_seeds(plan.seed, number).optimizer;
    lanes.push_back({{settings, training, seed}, &runs[i], number, {}});
  }
  run_in_step(lanes, training);
}

}  // namespace

Optimizer make_optimizer(const OptimizerSettings& settings, const SimulatedTraining& training,
                         std::uint64_t seed) {
  return std::visit(
      [&]<class Settings>(const Settings& chosen) -> Optimizer {
        return typename Settings::Optimizer(chosen, training, seed);
      },
      settings);
}

std::vector<SearchRun> search(const SimulatedTraining& training, const OptimizerSettings& settings,
                              const SearchPlan& plan, int threads) {
  std::vector<SearchRun> runs;
  runs.reserve(plan.num_runs);
  for (std::size_t i = 0; i < plan.num_runs; ++i) {
    const std::uint64_t seed = run_seeds(plan.seed, plan.first_run + i).repeats;
    runs.emplace_back(training, plan.limits, seed, plan.recorded);
  }
  const std::span all(runs);
  const auto run_range = [&](std::size_t begin, std::size_t end) {
    for (std::size_t first = begin; first < end; first += kRunsInStep) {
      const std::size_t count = std::min(kRunsInStep, end - first);
      std::visit(
          [&](const auto& chosen) {
            run_part(training, chosen, plan, all.subspan(first, count), first);
          },
          settings);
    }
  };
  parallel_for(runs.size(), threads, run_range, 1);
  return runs;
}

}  // namespace nb101
