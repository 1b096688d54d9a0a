#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>

#include "nb101/smac.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

class SmallTraining {
 public:
  SmallTraining() {
    RandomCells random(7);
    std::vector<Run> runs = {sample_run(3, 108, random)};
    write_sample_index(folder_.file("i"), runs);
    file_.emplace(folder_.file("i"), Verify::full);
    training_.emplace(file_->view(), std::vector<std::size_t>{0}, Validity::raw_9,
                      ReportedTest::mean);
  }
  const SimulatedTraining& operator*() const { return *training_; }

 private:
  TemporaryFolder folder_;
  std::optional<IndexFile> file_;
  std::optional<SimulatedTraining> training_;
};

// Asks and tells `count` times. `accuracy` gets the code and how often it was trained before.
template <class Accuracy>
std::vector<Code> proposals(const Smac::Settings& settings, int count, Accuracy accuracy) {
  const SmallTraining training;
  Smac smac(settings, *training, 4);
  std::vector<Code> codes;
  std::map<Code, int> times;
  for (int i = 0; i < count; ++i) {
    Trial trial{smac.ask(), kNoCell, 0, {}};
    codes.push_back(trial.proposal.code);
    trial.outcome.validation_accuracy = accuracy(codes.back(), times[codes.back()]++);
    smac.tell(trial);
  }
  return codes;
}

}  // namespace

TEST_CASE("a configuration is not proposed twice, even if all are equally bad") {
  const auto bad = [](Code, int) { return 0.0; };
  const std::vector<Code> codes = proposals({.random_fraction = 0.1}, 60, bad);
  CHECK(std::set<Code>(codes.begin(), codes.end()).size() == codes.size());
}

TEST_CASE("an accuracy that is not finite is refused") {
  for (const double accuracy : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_AS(proposals({}, 1, [&](Code, int) { return accuracy; }), std::invalid_argument);
  }
}

TEST_CASE("challengers are trained in rounds of 1, 2 and 4, and the incumbent in between") {
  const Smac::Settings settings{.random_fraction = 1, .max_evaluations = 4};
  // Each new configuration is better than all before it.
  double best = 0;
  std::map<Code, double> accuracies;
  const auto better = [&](Code code, int) {
    return accuracies.try_emplace(code, best += 0.001).first->second;
  };
  const std::vector<Code> rising = proposals(settings, 40, better);
  std::vector<int> in_a_row = {1};
  for (std::size_t i = 1; i < rising.size(); ++i) {
    if (rising[i] == rising[i - 1]) {
      ++in_a_row.back();
    } else {
      in_a_row.push_back(1);
    }
  }
  // The first gets a second training as the incumbent. Each challenger then equals the number of
  // trainings of the incumbent, replaces it, and gets one more as the new one, up to four.
  CHECK(std::vector<int>(in_a_row.begin(), in_a_row.begin() + 6) ==
        std::vector<int>{2, 3, 4, 4, 4, 4});

  // A challenger that is worse is out after one training.
  int num_known = 0;
  std::map<Code, int> rank;
  const auto worse = [&](Code code, int) {
    const auto [place, is_new] = rank.try_emplace(code, num_known);
    num_known += is_new ? 1 : 0;
    return 1 - 0.001 * place->second;
  };
  const std::vector<Code> falling = proposals(settings, 30, worse);
  CHECK(std::ranges::count(falling, falling[0]) == 4);
  for (const auto& [code, number] : rank) {
    if (number > 0) CHECK(std::ranges::count(falling, code) == 1);
  }
}

}  // namespace nb101
