#include "nb101/search.hpp"

#include <algorithm>
#include <span>

#include "nb101/parallel.hpp"
#include "nb101/stop.hpp"

namespace nb101 {
namespace {

constexpr std::size_t kRunsInStep = 32;  // measured: their populations fit in the L1 and L2 caches

struct Lane {
  SearchRun* run;
  std::uint64_t number;
  Optimizer optimizer;
  Trial trial;
};

// Asks for the next proposal. If the optimizer ignores invalid configurations, they are passed over
// here, which saves their trials. Most proposals of random search are invalid.
Proposal next_proposal(Lane& lane, const SimulatedTraining& training) {
  return std::visit(
      [&]<class Chosen>(Chosen& optimizer) {
        Proposal proposal = optimizer.ask();
        if constexpr (Chosen::kIgnoresInvalid) {
          for (; !training.has_valid_matrix(proposal.code); proposal = optimizer.ask()) {
            lane.run->pass_over();
            lane.run->check_progress(lane.number);
          }
        }
        return proposal;
      },
      lane.optimizer);
}

void run_in_step(std::vector<Lane>& lanes, const SimulatedTraining& training) {
  constexpr std::size_t kStepsBetweenChecks = 64;
  for (std::size_t step = 0; !lanes.empty(); ++step) {
    if (step % kStepsBetweenChecks == 0) check_stop();
    for (Lane& lane : lanes) {
      lane.trial.proposal = next_proposal(lane, training);
      training.prefetch(lane.trial.proposal.code);
    }
    for (Lane& lane : lanes) lane.run->start(lane.trial);
    for (Lane& lane : lanes) {
      if (!lane.run->finish(lane.trial)) continue;
      std::visit([&](auto& optimizer) { optimizer.tell(lane.trial); }, lane.optimizer);
      lane.run->check_progress(lane.number);
    }
    std::erase_if(lanes, [](const Lane& lane) { return lane.run->is_over(); });
  }
}

void run_part(const SimulatedTraining& training, const OptimizerSettings& settings,
              const SearchPlan& plan, std::span<SearchRun> runs, std::size_t begin) {
  std::vector<Lane> lanes;
  lanes.reserve(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::uint64_t number = plan.first_run + begin + i;
    const std::uint64_t seed = run_seeds(plan.seed, number).optimizer;
    lanes.push_back({&runs[i], number, make_optimizer(settings, training, seed), {}});
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
      run_part(training, settings, plan, all.subspan(first, count), first);
    }
  };
  parallel_for(runs.size(), threads, run_range, 1);
  return runs;
}

}  // namespace nb101
