#include <doctest.h>

#include <bit>
#include <limits>
#include <memory>
#include <stdexcept>

#include "nb101/brackets.hpp"
#include "nb101/search.hpp"
#include "sample_runs.hpp"
#include "simd_levels.hpp"

namespace nb101 {
namespace {

// Returns runs of cells with at most 4 vertices, which random configurations often lead to.
std::vector<Run> runs_of_small_cells(double seconds = 10) {
  RandomCells random(7);
  std::vector<Run> runs;
  for (std::int32_t cell_id = 0; cell_id < 91; cell_id += 2) {
    for (const std::uint32_t epochs : {4u, 12u, 36u, 108u}) {
      for (int repeat = 0; repeat < 1 + cell_id % 3; ++repeat) {
        Run run = sample_run(cell_id, epochs, random);
        run.metrics.evaluations[2].training_time = seconds + static_cast<double>(repeat);
        runs.push_back(run);
      }
    }
  }
  return runs;
}

class SmallIndex {
 public:
  explicit SmallIndex(std::vector<Run> runs = runs_of_small_cells()) {
    write_sample_index(folder_.file("i"), runs);
    file_.emplace(folder_.file("i"), Verify::full);
  }

  SimulatedTraining training(std::vector<std::size_t> budgets = {0, 1, 2, 3}) const {
    return {file_->view(), budgets, Validity::raw_9, ReportedTest::mean};
  }

 private:
  TemporaryFolder folder_;
  std::optional<IndexFile> file_;
};

// Returns made-up values of two objectives for all cells of these runs.
std::shared_ptr<const ObjectiveValues> values_of_small_cells() {
  std::vector<std::int32_t> cell_ids;
  std::vector<double> told;
  std::vector<double> reported;
  for (std::int32_t cell_id = 0; cell_id < 91; ++cell_id) {
    cell_ids.push_back(cell_id);
    for (int repeat = 0; repeat < 3; ++repeat) {
      told.insert(told.end(), {cell_id * 7 % 13 + repeat / 4.0, cell_id / 2.0});
    }
    reported.insert(reported.end(), {0.5, 0.5});
  }
  return std::make_shared<ObjectiveValues>(cell_ids, 3, 2, told, reported);
}

const std::vector<OptimizerSettings> kEveryOptimizer = {
    RandomSearch::Settings{},
    Evolution::Settings{},
    Evolution::Settings{.is_regularized = false, .with_replacement = true},
    LocalSearch::Settings{},
    Hyperband::Settings{},
    Reinforce::Settings{},
    Tpe::Settings{},
    Bohb::Settings{},
    Nsga2::Settings{.values = values_of_small_cells(), .population = 10},
    Smac::Settings{.num_trees = 2, .random_fraction = 0.98}};  // its model is slow

}  // namespace

TEST_CASE("a simulated training has the cells that have runs at every budget") {
  std::vector<Run> runs = runs_of_small_cells();
  std::erase_if(runs, [](const Run& run) { return run.cell_id == 4 && run.epochs == 12; });
  const SmallIndex sample(runs);
  const SearchSpace& space = SearchSpace::instance();
  const SimulatedTraining all = sample.training();
  CHECK(all.num_cells() == 45);
  CHECK(sample.training({3}).num_cells() == 46);
  CHECK(all.cell(space.codes()[2]) == 2);
  CHECK(all.cell(space.codes()[3]) == kNoCell);
  CHECK(all.cell(space.codes()[4]) == kNoCell);
  CHECK(all.cell(0) == kNoCell);
  CHECK(all.shortest_run() == 10);
}

TEST_CASE("the shortest run that takes time is known, also beside runs that take none") {
  std::vector<Run> runs = runs_of_small_cells();
  runs[0].metrics.evaluations[2].training_time = 0;
  runs[8].metrics.evaluations[2].training_time = 1e-30;
  const SmallIndex sample(runs);
  const SimulatedTraining training = sample.training();
  CHECK(training.shortest_run() == 0);
  CHECK(training.shortest_paid_run().cell_id == runs[8].cell_id);
  CHECK(training.shortest_paid_run().seconds == 1e-30);
}

TEST_CASE("a time that is negative or infinite is refused") {
  for (const double seconds : {-1.0, std::numeric_limits<double>::infinity()}) {
    const SmallIndex sample(runs_of_small_cells(seconds));
    CHECK_THROWS_AS(sample.training(), std::invalid_argument);
  }
}

TEST_CASE("a test accuracy that is infinite is refused") {
  std::vector<Run> runs = runs_of_small_cells();
  runs[8].metrics.evaluations[2].test_accuracy = std::numeric_limits<double>::infinity();
  const SmallIndex sample(runs);
  CHECK_THROWS_AS(sample.training(), std::invalid_argument);
}

TEST_CASE("brackets refuse a result without a proposal") {
  Brackets brackets(2, 3);
  CHECK_THROWS_AS(brackets.tell(0.5), std::invalid_argument);
  brackets.start(1);
  brackets.tell(0.5);
  CHECK_THROWS_AS(brackets.tell(0.5), std::invalid_argument);
}

TEST_CASE("an accuracy that is no number is the lowest of a bracket") {
  Brackets brackets(2, 3);
  for (Code code = 1; code <= 3; ++code) {
    brackets.start(code);
    brackets.tell(code == 2 ? 0.1 : std::numeric_limits<double>::quiet_NaN());
  }
  CHECK(brackets.code() == 2);
}

TEST_CASE("brackets have the sizes of HpBandSter's, and the best configurations continue") {
  Brackets brackets(4, 3);
  const std::vector<std::vector<int>> sizes = {{27, 9, 3, 1}, {9, 3, 1}, {6, 2}, {4}, {27}};
  for (const std::vector<int>& stages : sizes) {
    auto budget = static_cast<std::uint32_t>(4 - stages.size());
    if (stages.front() == 27) budget = 0;
    for (std::size_t stage = 0; stage < stages.size(); ++stage, ++budget) {
      for (int i = 0; i < stages[stage]; ++i) {
        REQUIRE(brackets.budget() == budget);
        REQUIRE(brackets.needs_code() == (stage == 0));
        if (stage == 0) brackets.start(static_cast<Code>(i));
        // The first of each three configurations is better than the others.
        const Code code = brackets.code();
        if (stage > 0) REQUIRE(code % static_cast<Code>(std::pow(3, stage)) == 0);
        brackets.tell(code % static_cast<Code>(std::pow(3, stage + 1)) == 0 ? 0.9 : 0.1);
      }
    }
  }
}

TEST_CASE("a run depends only on its seed and number, with any number of threads") {
  const SmallIndex sample;
  const SimulatedTraining training = sample.training();
  for (const OptimizerSettings& settings : kEveryOptimizer) {
    const SearchPlan plan{{.seconds = 500}, 11, 0, 34, Recorded::everything};
    const std::vector<SearchRun> one = search(training, settings, plan, 1);
    const std::vector<SearchRun> two = search(training, settings, plan, 2);
    SearchPlan last = plan;
    last.first_run = 33;
    last.num_runs = 1;
    const std::vector<SearchRun> alone = search(training, settings, last, 1);
    const auto same = [](const SearchRun& a, const SearchRun& b) {
      const auto codes = [](const SearchRun& run) {
        std::vector<Code> found;
        for (const Observation& seen : run.observations()) found.push_back(seen.code);
        return found;
      };
      return codes(a) == codes(b) && a.seconds() == b.seconds();
    };
    for (std::size_t i = 0; i < one.size(); ++i) {
      REQUIRE(same(one[i], two[i]));
      REQUIRE(one[i].is_over());
      REQUIRE(one[i].seconds() <= 500);
      REQUIRE(one[i].num_evaluations() == one[i].observations().size());
    }
    CHECK(same(alone[0], one[33]));
    CHECK(!same(one[0], one[1]));
  }
}

TEST_CASE("a run ends with the evaluation that reaches the limit") {
  const SmallIndex sample;
  const SimulatedTraining training = sample.training();
  for (const OptimizerSettings& settings : kEveryOptimizer) {
    const SearchPlan few{{.evaluations = 20}, 11, 0, 3, Recorded::everything};
    const SearchPlan many{{.seconds = 1e9, .evaluations = 50}, 11, 0, 3, Recorded::everything};
    const std::vector<SearchRun> short_runs = search(training, settings, few, 1);
    const std::vector<SearchRun> long_runs = search(training, settings, many, 1);
    for (std::size_t run = 0; run < 3; ++run) {
      REQUIRE(short_runs[run].is_over());
      REQUIRE(short_runs[run].num_evaluations() == 20);
      REQUIRE(long_runs[run].num_evaluations() == 50);
      for (std::size_t i = 0; i < 20; ++i) {
        const Observation& one = short_runs[run].observations()[i];
        REQUIRE(one.code == long_runs[run].observations()[i].code);
        REQUIRE(one.evaluation == i + 1);
      }
    }
  }
}

TEST_CASE("trainings without a cost end if evaluations are limited") {
  std::vector<Run> free_runs = runs_of_small_cells(0);
  std::erase_if(free_runs,
                [](const Run& run) { return run.metrics.evaluations[2].training_time > 0; });
  const SmallIndex sample(free_runs);
  const SimulatedTraining training = sample.training();
  std::vector<SearchRun> runs = search(training, RandomSearch::Settings{},
                                       {{.evaluations = kMostFreeInARow + 1}, 0, 0, 1}, 1);
  CHECK(runs[0].num_evaluations() == kMostFreeInARow + 1);
}

TEST_CASE("an optimizer makes the same proposals with every instruction set") {
  const SmallIndex sample;
  const SimulatedTraining training = sample.training();
  const auto codes = [&](auto optimizer) {
    std::vector<Code> proposed;
    for (int i = 0; i < 2000; ++i) {
      const Proposal proposal = optimizer.ask();
      REQUIRE(code_faults(proposal.code) == 0);
      proposed.push_back(proposal.code);
      optimizer.tell({.proposal = proposal, .outcome = {0.5 + 0.4 * (i % 3), 1}});
    }
    return proposed;
  };
  const auto check = [&]<class Settings>(const Settings& settings) {
    const auto once = [&] { return codes(typename Settings::Optimizer(settings, training, 5)); };
    const std::vector<Code> expected = once();
    at_every_simd_level([&] { CHECK(once() == expected); });
  };
  check(Reinforce::Settings{.learning_rate = 3});
  check(Bohb::Settings{});
}

TEST_CASE("BOHB asks its model for the proposals that are not drawn at random") {
  const SmallIndex sample;
  const SimulatedTraining training = sample.training();
  const Bohb::Settings settings{.random_fraction = 0.3, .num_samples = 2, .min_bandwidth = 0.1};
  Bohb bohb(settings, training, 5);
  RandomStream random(5);
  Brackets brackets(4, settings.eta);
  DensityRatio model(settings.min_bandwidth);
  const Sampler sampler(Sampling::all);
  int num_by_model = 0;
  for (int i = 0; i < 1000; ++i) {
    if (brackets.needs_code()) {
      const bool is_by_model = model.budget() && random.fraction() >= settings.random_fraction;
      num_by_model += is_by_model;
      brackets.start(is_by_model ? *model.propose(2, random) : sampler(random.word()));
    }
    const Proposal proposal = bohb.ask();
    REQUIRE(proposal.code == brackets.code());
    REQUIRE(proposal.budget == brackets.budget());
    const double accuracy = std::popcount(proposal.code) / 32.0;
    bohb.tell({.proposal = proposal, .outcome = {accuracy, 1}});
    model.tell(proposal.code, proposal.budget, accuracy);
    brackets.tell(accuracy);
  }
  CHECK(num_by_model > 400);
}

TEST_CASE("an optimizer that spends nothing is stopped") {
  const SmallIndex sample({sample_runs().back()});  // the only cell has seven vertices
  const SimulatedTraining training = sample.training({0});
  CHECK_THROWS_AS(search(training, Reinforce::Settings{}, {{.seconds = 1e9}, 0, 0, 1}, 1),
                  std::invalid_argument);
}

}  // namespace nb101
