#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "nb101/objective.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

constexpr std::size_t kTwelveEpochs = 1;

class SampleObjective {
 public:
  SampleObjective() {
    write_sample_index(folder_.file("i"), runs_);
    file_.emplace(folder_.file("i"), Verify::full);
  }

  Objective objective(Repeat repeat) const {
    const IndexView& index = file_->view();
    return {index, index.series(Metric::test_accuracy, Stage::final, kTwelveEpochs), repeat};
  }

  // Returns the test accuracies of a cell at 12 epochs.
  std::vector<double> values(std::int32_t cell_id) const {
    std::vector<double> found;
    for (const Run& run : runs_) {
      if (run.cell_id != cell_id || run.epochs != 12) continue;
      found.push_back(run.metrics.evaluations[2].test_accuracy);
    }
    return found;
  }

 private:
  TemporaryFolder folder_;
  std::vector<Run> runs_ = sample_runs();
  std::optional<IndexFile> file_;
};

constexpr std::int32_t kPresent[] = {0, 5, 77, 1'234, 99'999, kNumCells - 1};

bool same_values(const std::vector<float>& a, const std::vector<float>& b) {
  return std::ranges::equal(a, b, [](float one, float other) {
    return one == other || (std::isnan(one) && std::isnan(other));
  });
}

}  // namespace

TEST_CASE("a mean is taken over the runs of a cell, summed in double and rounded once") {
  const SampleObjective sample;
  const Objective mean = sample.objective({Repeat::Kind::mean});
  for (const std::int32_t id : kPresent) {
    double sum = 0;
    for (const double value : sample.values(id)) sum += value;
    CHECK(mean(id) == static_cast<float>(sum / static_cast<double>(sample.values(id).size())));
  }
}

TEST_CASE("the value of one repeat is exact") {
  const SampleObjective sample;
  for (std::size_t repeat = 0; repeat < 3; ++repeat) {
    const Objective one = sample.objective({Repeat::Kind::one, repeat});
    for (const std::int32_t id : kPresent) {
      const std::vector<double> values = sample.values(id);
      if (repeat < values.size()) {
        CHECK(one(id) == values[repeat]);
      } else {
        CHECK(std::isnan(one(id)));
      }
    }
  }
}

TEST_CASE("the value is NaN for a cell without runs and for no cell") {
  const SampleObjective sample;
  for (const auto kind : {Repeat::Kind::one, Repeat::Kind::mean, Repeat::Kind::random}) {
    const Objective objective = sample.objective({kind});
    CHECK(std::isnan(objective(kNoCell)));
    CHECK(std::isnan(objective(6)));
  }
}

TEST_CASE("a batch gives the values of single queries, with any number of threads") {
  const SampleObjective sample;
  const SearchSpace& space = SearchSpace::instance();
  std::vector<Code> codes(space.codes().begin(), space.codes().end());
  for (std::size_t i = 0; i < codes.size(); i += 100) codes[i] |= kUnusedCodeBit;
  const Objective mean = sample.objective({Repeat::Kind::mean});
  std::vector<float> expected;
  for (const Code code : codes) expected.push_back(mean(space.id(code)));
  for (const int threads : {1, 4}) {
    std::vector<float> values(codes.size());
    mean(codes, values.data(), threads);
    CHECK(same_values(values, expected));
  }
}

TEST_CASE("a batch of ids gives the values of single queries, with any number of threads") {
  const SampleObjective sample;
  std::vector<std::int32_t> ids(kNumCells + 1);
  std::iota(ids.begin(), ids.end(), kNoCell);
  for (const auto kind : {Repeat::Kind::mean, Repeat::Kind::random}) {
    const Repeat repeat{kind, 0, 7};
    const Objective singles = sample.objective(repeat);
    std::vector<float> expected;
    for (const std::int32_t id : ids) expected.push_back(singles(id));
    for (const int threads : {1, 4}) {
      std::vector<float> values(ids.size());
      sample.objective(repeat).by_id(ids, values.data(), threads);
      CHECK(same_values(values, expected));
    }
  }
}

TEST_CASE("random draws depend on the seed and not on how queries are grouped") {
  const SampleObjective sample;
  constexpr std::size_t kQueries = 50'000;
  const std::vector<Code> codes(kQueries, SearchSpace::instance().codes()[77]);
  const Repeat random{Repeat::Kind::random, 0, 42};
  std::vector<float> batch(kQueries);
  sample.objective(random)(codes, batch.data(), 4);

  const Objective singles = sample.objective(random);
  std::vector<float> first(100);
  for (float& value : first) value = singles(77);
  CHECK(std::equal(first.begin(), first.end(), batch.begin()));
  std::vector<float> rest(kQueries - 100);
  singles(std::span(codes).subspan(100), rest.data(), 1);
  CHECK(std::equal(rest.begin(), rest.end(), batch.begin() + 100));

  for (const double value : sample.values(77)) {
    const auto drawn = std::ranges::count(batch, static_cast<float>(value));
    CHECK(std::abs(static_cast<double>(drawn) / kQueries - 1.0 / 3) < 0.02);
  }
  std::vector<float> other(kQueries);
  sample.objective({Repeat::Kind::random, 0, 43})(codes, other.data(), 1);
  CHECK(other != batch);
}

TEST_CASE("a missing repeat is never drawn") {
  const SampleObjective sample;
  const Objective random = sample.objective({Repeat::Kind::random, 0, 1});
  std::set<float> drawn;
  for (int i = 0; i < 1000; ++i) drawn.insert(random(kNumCells - 1));
  const std::vector<double> values = sample.values(kNumCells - 1);
  CHECK(drawn == std::set<float>(values.begin(), values.end()));
}

}  // namespace nb101
