#include <doctest.h>

#include <cmath>
#include <limits>

#include "nb101/error.hpp"
#include "nb101/objective.hpp"
#include "nb101/own_columns.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// An index of six cells with two own columns.
class OwnSample {
 public:
  OwnSample() {
    write_sample_index(path("plain"), sample_runs());
    attach({own(make_label("latency_ms", "ms", ""), ElementType::f64, latencies_),
            own(make_label("ones", "", ""), ElementType::f32, ones_)});
  }

  std::string path(const char* name) const { return folder_.file(name); }
  void attach(const std::vector<OwnColumn>& columns) const {
    write_with_own_columns(IndexFile(path("plain"), Verify::sections).view(), path("own"), columns);
  }
  template <class T>
  static OwnColumn own(const Label& label, ElementType type, const std::vector<T>& values) {
    return {label, type, object_bytes(std::span<const T>(values))};
  }
  const std::vector<double>& latencies() const { return latencies_; }

 private:
  TemporaryFolder folder_;
  std::vector<double> latencies_ = {0.1, 0.2, kNaN, 0.4, 1e300, -1};
  std::vector<float> ones_ = std::vector<float>(6, 1.0F);
};

}  // namespace

TEST_CASE("own columns are read back, by row and as objectives") {
  const OwnSample sample;
  const IndexFile file(sample.path("own"), Verify::full);
  const IndexView& index = file.view();
  CHECK(index.header().version == kIndexVersion);
  REQUIRE(index.labels().size() == 2);
  CHECK(text_of(index.labels()[0].unit) == "ms");
  const Series series = index.own_series(0);
  for (std::size_t row = 0; row < index.num_rows(); ++row) {
    const double expected = sample.latencies()[row];
    for (const double value : {series.mean(row), series.value(row, 0), series.value(row, 99)}) {
      CHECK((value == expected || (std::isnan(value) && std::isnan(expected))));
    }
    CHECK(index.own_series(1).mean(row) == 1);
  }
  CHECK(index.own_series(1).column(0).constant);
  for (const auto kind : {Repeat::Kind::one, Repeat::Kind::mean, Repeat::Kind::random}) {
    const Objective objective(index, series, {kind, 2, 3});
    CHECK(objective(index.cell_id(1)) == 0.2F);
    CHECK(std::isnan(objective(index.cell_id(2))));
    CHECK(std::isnan(objective(6)));
  }
  CHECK_THROWS_AS(index.own_series(2), std::out_of_range);
}

TEST_CASE("an index without its own columns is what it was, byte for byte") {
  const OwnSample sample;
  write_with_own_columns(IndexFile(sample.path("own"), Verify::sections).view(),
                         sample.path("again"), {});
  CHECK(read_file(sample.path("again")) == read_file(sample.path("plain")));
}

TEST_CASE("an infinite value of an own column is found at level full") {
  const OwnSample sample;
  std::vector<float> values(6, 0.5F);
  values[4] = std::numeric_limits<float>::infinity();
  sample.attach({OwnSample::own(make_label("x", "", ""), ElementType::f32, values)});
  CHECK_NOTHROW(IndexFile(sample.path("own"), Verify::sections));
  CHECK_THROWS_AS(IndexFile(sample.path("own"), Verify::full), FormatError);
}

TEST_CASE("many equal own columns fit the bound that the size of the file sets") {
  const OwnSample sample;
  std::vector<OwnColumn> columns;
  const std::vector<float> values(6, 0.5F);
  for (int i = 0; i < 3000; ++i) {
    columns.push_back(
        OwnSample::own(make_label("x" + std::to_string(i), "", ""), ElementType::f32, values));
  }
  sample.attach(columns);
  CHECK(IndexFile(sample.path("own"), Verify::full).view().labels().size() == 3000);
}

}  // namespace nb101
