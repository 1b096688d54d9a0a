#include <doctest.h>

#include <bit>
#include <limits>

#include "nb101/error.hpp"
#include "nb101/model_metrics.hpp"
#include "nb101/record_reader.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

const std::string kSource = "a.tfrecord";
const RecordPlace kPlace{&kSource, 0, 0};

std::string payload_of(const Run& run) {
  std::string payload;
  const auto id = static_cast<std::size_t>(run.cell_id);
  append_record_payload(payload, SearchSpace::instance().hashes()[id], run);
  return payload;
}

Record parse(std::string_view payload) { return parse_record(as_bytes(payload), kPlace); }

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

// The payload of the input-output cell, 4 epochs.
std::string smallest() {
  RandomCells random(14);
  return payload_of(sample_run(0, 4, random));
}

void check_refused(const std::string& payload, const std::string& what) {
  const std::string message = "a.tfrecord: byte 0: record 0: " + what;
  CHECK_THROWS_WITH_AS(parse(payload), message.c_str(), FormatError);
}

}  // namespace

TEST_CASE("what is written is read, to the bit") {
  for (Run run : sample_runs()) {
    run.metrics.total_time = -0.0;
    run.metrics.evaluations[1].test_accuracy = std::numeric_limits<double>::quiet_NaN();
    run.metrics.evaluations[2].training_time = std::numeric_limits<double>::denorm_min();
    const Record record = parse(payload_of(run));
    CHECK(record.run.graph == run.graph);
    CHECK(record.run.cell_id == run.cell_id);
    CHECK(record.run.epochs == run.epochs);
    CHECK_FALSE(record.has_unknown_fields);
    for (int metric = 0; metric < kNumMetrics; ++metric) {
      for (int stage = 0; stage < kNumStages; ++stage) {
        const auto m = static_cast<Metric>(metric);
        const auto s = static_cast<Stage>(stage);
        CHECK(same_bits(value_of(record.run, m, s), value_of(run, m, s)));
      }
    }
    CHECK(payload_of(record.run) == payload_of(run));
  }
}

TEST_CASE("parameters of any sign") {
  RandomCells random(15);
  Run run = sample_run(7, 4, random);
  for (const std::int32_t parameters : {std::numeric_limits<std::int32_t>::min(), -1, 0,
                                        std::numeric_limits<std::int32_t>::max()}) {
    run.metrics.trainable_parameters = parameters;
    CHECK(parse(payload_of(run)).run.metrics.trainable_parameters == parameters);
  }
}

TEST_CASE("JSON may be spaced and escaped otherwise") {
  const std::string payload = smallest();
  CHECK_NOTHROW(parse(replaced(payload, "[", " [\n\t")));
  CHECK_NOTHROW(parse(replaced(payload, "input", "\\u0069nput")));
  CHECK_NOTHROW(parse(payload + " \r\n"));
}

TEST_CASE("a record out of shape says what is wrong") {
  const std::string payload = smallest();
  check_refused("", "not the JSON of a record: '[' expected at byte 0 of its payload");
  check_refused(replaced(payload, "\"0100\"", "\"010\""),
                "an adjacency of 3 characters; n * n are allowed for n = 2..7");
  check_refused(replaced(payload, "\"0100\"", "\"0110\""),
                "'1' at row 1, column 0 of its adjacency");
  check_refused(replaced(payload, "\"0100\"", "\"0x00\""),
                "'x' at row 0, column 1 of its adjacency");
  check_refused(replaced(payload, "\"0100\"", "\"0000\""), "its graph is not pruned");
  check_refused(replaced(payload, "input,output", "input,input"), "'input' as operation 1 of 2");
  check_refused(replaced(payload, "input,output", "input,output,"), "'output' as operation 1 of 2");
  check_refused(replaced(payload, ", 4,", ", 0,"),
                "its epochs are not a positive integer of 32 bits");
  check_refused(replaced(payload, ", 4,", ", 4294967296,"),
                "its epochs are not a positive integer of 32 bits");
  check_refused(payload + "x", "its payload goes on after the JSON list of five");
  CHECK_THROWS_AS(parse(replaced(payload, ", 4,", ", 4.5,")), FormatError);
}

TEST_CASE("a hash of another cell is refused") {
  const std::string payload = smallest();
  const std::string hash = payload.substr(2, 32);
  const std::string other(32, 'a');
  check_refused(replaced(payload, hash, other),
                "its module hash is " + other + ", that of its graph " + hash);
  check_refused(replaced(payload, hash, "ABC"), "'ABC' is no module hash of 32 hex digits");
}

TEST_CASE("a payload cut anywhere is refused") {
  const std::string payload = smallest();
  for (std::size_t size = 0; size < payload.size(); ++size) {
    CHECK_THROWS_AS(parse(std::string_view(payload).substr(0, size)), FormatError);
  }
}

TEST_CASE("a stream cut anywhere gives the same records") {
  std::vector<std::uint8_t> stream;
  const std::vector<Run> runs = sample_runs();
  for (const Run& run : runs) append_frame(stream, as_bytes(payload_of(run)));
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{13}, std::size_t{500}, stream.size()}) {
    RunTable table;
    RecordReader reader(table, kSource, 2);
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.feed(Bytes(stream).subspan(at, std::min(piece, stream.size() - at)));
    }
    CHECK_NOTHROW(reader.finish());
    CHECK(reader.num_records() == runs.size());
    CHECK(table.size() == runs.size());
  }
}

TEST_CASE("a stream that ends within a record is refused") {
  std::vector<std::uint8_t> stream;
  append_frame(stream, as_bytes(smallest()));
  const std::size_t whole = stream.size();
  append_frame(stream, as_bytes(smallest()));
  RunTable table;
  RecordReader reader(table, kSource, 1);
  reader.feed(Bytes(stream).first(whole + 20));
  const std::string message = "a.tfrecord: byte " + std::to_string(whole) +
                              ": record 1: cut short: the source ends 20 bytes after its beginning";
  CHECK_THROWS_WITH_AS(reader.finish(), message.c_str(), FormatError);
}

}  // namespace nb101
