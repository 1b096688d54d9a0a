#include <doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "nb101/bytes.hpp"
#include "nb101/column_encoding.hpp"
#include "nb101/exact.hpp"

namespace nb101 {
namespace {

const std::vector<std::uint16_t> kTwoRuns = {2, 1, 2};  // the second row lacks repeat 1

EncodedColumn encode(Metric metric, const std::vector<double>& values) {
  return encode_column(metric, {values, kTwoRuns, 1}, 9984);
}

template <class T>
T element(const EncodedColumn& column, std::size_t row) {
  return load<T>(column.bytes.data() + sizeof(T) * row);
}

}  // namespace

TEST_CASE("accuracies are stored as counts, else as float32, else as double") {
  const EncodedColumn counts = encode(Metric::test_accuracy, {949 / 9984.0f, 0, 1});
  CHECK(counts.type == ElementType::counts);
  CHECK_FALSE(counts.is_wide);
  CHECK(element<std::uint16_t>(counts, 0) == 949);
  CHECK(element<std::uint16_t>(counts, 1) == kNoRunCount);
  CHECK(element<std::uint16_t>(counts, 2) == 9984);

  const EncodedColumn floats = encode(Metric::test_accuracy, {0.1f, 0, 1});
  CHECK(floats.type == ElementType::f32);
  CHECK(floats.is_wide);
  CHECK(element<float>(floats, 0) == 0.1f);
  CHECK(std::isnan(element<float>(floats, 1)));

  const EncodedColumn doubles = encode(Metric::test_accuracy, {0.1, 0, -0.0});
  CHECK(doubles.type == ElementType::f64);
  CHECK(doubles.is_wide);
  CHECK(element<double>(doubles, 0) == 0.1);
  CHECK(std::isnan(element<double>(doubles, 1)));
  CHECK(std::signbit(element<double>(doubles, 2)));
}

TEST_CASE("times are stored as float32 or double, and only a total time may be a double") {
  CHECK(encode(Metric::training_time, {1.5, 0, 2}).type == ElementType::f32);
  CHECK(encode(Metric::training_time, {0.1, 0, 2}).is_wide);
  CHECK(encode(Metric::total_time, {0.1, 0, 2}).type == ElementType::f64);
  CHECK_FALSE(encode(Metric::total_time, {0.1, 0, 2}).is_wide);
}

TEST_CASE("times that are multiples of 2^-22 s are stored as ticks") {
  const double tick = std::ldexp(1.0, -22);
  const EncodedColumn ticks = encode(Metric::total_time, {1000 + tick, 0, 5'000 + 3 * tick});
  CHECK(ticks.type == ElementType::ticks);
  CHECK_FALSE(ticks.is_wide);
  CHECK(element<Ticks>(ticks, 0).seconds() == 1000 + tick);
  CHECK(element<Ticks>(ticks, 1).is_no_run());
  CHECK(element<Ticks>(ticks, 2).seconds() == 5'000 + 3 * tick);
  CHECK(encode(Metric::training_time, {1000 + tick, 0, 1}).type == ElementType::ticks);
  CHECK(encode(Metric::training_time, {1000 + tick, 0, 1}).is_wide);
  CHECK(encode(Metric::current_epoch, {1000 + tick, 0, 1}).type == ElementType::f64);
}

TEST_CASE("ticks hold a time exactly or not at all") {
  const double tick = std::ldexp(1.0, -22);
  const double longest = std::ldexp(1.0, 18) - 2 * tick;
  for (const double seconds : {0.0, tick, 3 * tick, 413.703, 1e5, longest}) {
    const double near = std::round(seconds / tick) * tick;
    const auto ticks = Ticks::of(near);
    REQUIRE(ticks.has_value());
    CHECK(ticks->seconds() == near);
    CHECK_FALSE(ticks->is_no_run());
  }
  for (const double seconds :
       {-0.0, -tick, tick / 2, 1 + tick / 2, longest + tick, 1e300,
        std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN(),
        std::numeric_limits<double>::denorm_min()}) {
    CHECK_FALSE(Ticks::of(seconds).has_value());
  }
}

TEST_CASE("graphs and parameters are stored as integers") {
  const EncodedColumn graphs = encode(Metric::graph, {0x7fffffff, 0, 7});
  CHECK(graphs.type == ElementType::u32);
  CHECK(element<std::uint32_t>(graphs, 0) == 0x7fffffff);
  const EncodedColumn parameters = encode(Metric::trainable_parameters, {-5, 0, 7});
  CHECK(parameters.type == ElementType::i32);
  CHECK(element<std::int32_t>(parameters, 0) == -5);
}

TEST_CASE("a column is constant if all its elements are equal") {
  const std::vector<std::uint16_t> all(3, 1);
  CHECK(encode_column(Metric::current_epoch, {std::vector<double>(3, 54.0), all, 0}, 0)
            .is_constant());
  CHECK_FALSE(encode_column(Metric::current_epoch, {std::vector<double>{54, 54, 55}, all, 0}, 0)
                  .is_constant());
  CHECK_FALSE(encode(Metric::current_epoch, {54, 54, 54}).is_constant());  // one is NaN
}

TEST_CASE("the denominator of accuracies is found, or it is 0") {
  const std::vector<double> official = {0.0, 949 / 9984.0f, 1.0};
  CHECK(find_denominator(official) == 9984);
  const std::vector<double> thousandths = {1 / 1000.0f, 999 / 1000.0f, 0.5};
  CHECK(find_denominator(thousandths) == 1000);
  CHECK(find_denominator(std::vector<double>{0.1234567890123}) == 0);
  CHECK(find_denominator(std::vector<double>{}) == 0);
}

}  // namespace nb101
