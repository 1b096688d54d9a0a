#include <doctest.h>

#include <set>

#include "nb101/error.hpp"
#include "nb101/model_metrics.hpp"
#include "sample_records.hpp"

namespace nb101 {
namespace {

const ModelMetrics kMetrics{
    {{{0, 0, .1, .2, .3}, {2, 10.5, .4, .5, .6}, {4, 21.25, .7, .8, .9}}}, 1'234'567, 30.125};
const HarnessFields kHarness{2, 0x7fff'ffff'ffff'ffff, 1, 3.5, 17.75, 8.0625};

std::string message_of(const ModelMetrics& metrics, const HarnessFields* harness) {
  std::string message;
  append_metrics(message, metrics, harness);
  return message;
}

FoundFields found_in(std::string_view message) {
  FoundFields found;
  parse_metrics(message, kPlace, found);
  return found;
}

void check_no_training_run(std::string_view message, const std::string& what) {
  FoundFields found;
  const ModelMetrics metrics = parse_metrics(message, kPlace, found);
  const std::string text =
      "a.tfrecord: byte 100: record 3: it is not a record of a training run: " + what;
  CHECK_THROWS_WITH_AS(check_training_run(metrics, found, kPlace), text.c_str(), FormatError);
}

// Returns a varint field with this number, which must be below 16.
std::string small_field(int number) { return {static_cast<char>(number << 3), '\5'}; }

}  // namespace

TEST_CASE("each of the harness's fields has its own name and a meaning") {
  std::set<std::string_view> names;
  for (const HarnessField& field : kHarnessFields) {
    names.insert(field.name);
    CHECK_FALSE(field.meaning.empty());
  }
  CHECK(names.size() == kHarnessFields.size());
}

TEST_CASE("the harness's fields are read back, and they follow the official message") {
  const std::string official = message_of(kMetrics, nullptr);
  const std::string message = message_of(kMetrics, &kHarness);
  CHECK(message.starts_with(official));
  const FoundFields found = found_in(message);
  CHECK_NOTHROW(check_training_run(kMetrics, found, kPlace));
  CHECK(found.unknown_tag == 0);
  CHECK(found.harness.repeat == kHarness.repeat);
  CHECK(found.harness.seed == kHarness.seed);
  CHECK(found.harness.attempts == kHarness.attempts);
  CHECK(found.harness.compile_seconds == kHarness.compile_seconds);
  CHECK(found.harness.step_seconds == kHarness.step_seconds);
  CHECK(found.harness.evaluation_seconds == kHarness.evaluation_seconds);
  CHECK(message_of(kMetrics, &found.harness) == message);
}

TEST_CASE("the official fields are read back") {
  FoundFields found;
  const ModelMetrics metrics = parse_metrics(message_of(kMetrics, nullptr), kPlace, found);
  CHECK(message_of(metrics, nullptr) == message_of(kMetrics, nullptr));
}

TEST_CASE("an official message is not a training run, and the error names a missing field") {
  check_no_training_run(message_of(kMetrics, nullptr), "it lacks the field repeat");
  const std::string message = message_of(kMetrics, &kHarness);
  constexpr std::size_t kDoubleField = 2 + 8;  // the tag of a field from 16 on has two bytes
  check_no_training_run(message.substr(0, message.size() - kDoubleField),
                        "it lacks the field evaluation_seconds");
  const std::string empty_evaluation("\x0a\0", 2);
  const std::size_t evaluation_bytes = 2 + 5 * 9;
  check_no_training_run(
      message.substr(0, evaluation_bytes) + empty_evaluation + message.substr(2 * evaluation_bytes),
      "it lacks the field current_epoch in evaluation 1");
}

TEST_CASE("a field that is neither official nor the harness's is unknown") {
  const std::string message = message_of(kMetrics, &kHarness);
  check_no_training_run(small_field(7) + message,
                        "it has the protobuf field 7 of wire type 0, which no run of the harness "
                        "has");
  CHECK(found_in(message + small_field(7)).unknown_tag == 7 << 3);
  const std::string seed_as_bytes("\xb2\x06\x01x", 4);  // field 102 of wire type 2
  CHECK(found_in(message + seed_as_bytes).unknown_tag == (102 << 3 | 2));
  const std::string field_107("\xd8\x06\x05", 3);
  CHECK(found_in(message + field_107).unknown_tag == 107 << 3);
}

TEST_CASE("a training run with a negative number of parameters is refused") {
  ModelMetrics metrics = kMetrics;
  metrics.trainable_parameters = -5;
  check_no_training_run(message_of(metrics, &kHarness), "it has -5 trainable parameters");
}

TEST_CASE("a message with more or fewer than three evaluations is refused") {
  const std::string empty_evaluation("\x0a\0", 2);
  CHECK_THROWS_WITH_AS(found_in(empty_evaluation + empty_evaluation),
                       "a.tfrecord: byte 100: record 3: it has 2 evaluations; 3 are needed",
                       FormatError);
  CHECK_THROWS_WITH_AS(
      found_in(message_of(kMetrics, nullptr) + empty_evaluation),
      "a.tfrecord: byte 100: record 3: it has more than 3 evaluations; 3 are needed", FormatError);
}

}  // namespace nb101
