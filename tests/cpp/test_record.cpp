#include <doctest.h>

#include <bit>
#include <limits>

#include "nb101/error.hpp"
#include "nb101/record.hpp"
#include "sample_records.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

Record parse(std::string_view payload) {
  RecordScratch scratch;
  return parse_record(as_bytes(payload), scratch, kPlace);
}

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

// Returns the payload of a run of the cell that has only input and output, with 4 epochs.
std::string smallest() {
  RandomCells random(14);
  return payload_of(sample_run(0, 4, random));
}

void check_refused(const std::string& payload, const std::string& what) {
  const std::string message = "a.tfrecord: byte 100: record 3: " + what;
  CHECK_THROWS_WITH_AS(parse(payload), message.c_str(), FormatError);
}

}  // namespace

TEST_CASE("a run is read exactly as it was written") {
  for (Run run : sample_runs()) {
    run.metrics.total_time = -0.0;
    run.metrics.evaluations[1].test_accuracy = std::numeric_limits<double>::quiet_NaN();
    run.metrics.evaluations[2].training_time = std::numeric_limits<double>::denorm_min();
    const Record record = parse(payload_of(run));
    CHECK(record.run.graph == run.graph);
    CHECK(record.run.cell_id == run.cell_id);
    CHECK(record.run.epochs == run.epochs);
    CHECK(record.found.unknown_tag == 0);
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

TEST_CASE("the number of parameters may have any sign") {
  RandomCells random(15);
  Run run = sample_run(7, 4, random);
  for (const std::int32_t parameters : {std::numeric_limits<std::int32_t>::min(), -1, 0,
                                        std::numeric_limits<std::int32_t>::max()}) {
    run.metrics.trainable_parameters = parameters;
    CHECK(parse(payload_of(run)).run.metrics.trainable_parameters == parameters);
  }
}

TEST_CASE("the JSON may have other spaces and escapes") {
  const std::string payload = smallest();
  CHECK_NOTHROW(parse(replaced(payload, "[", " [\n\t")));
  CHECK_NOTHROW(parse(replaced(payload, "input", "\\u0069nput")));
  CHECK_NOTHROW(parse(payload + " \r\n"));
}

TEST_CASE("the error of a damaged record says what is wrong") {
  const std::string payload = smallest();
  check_refused("", "not the JSON of a record: '[' is expected at byte 0 of its payload");
  check_refused(replaced(payload, "\"0100\"", "\"010\""),
                "its adjacency has 3 characters; n * n are allowed for n = 2..7");
  check_refused(replaced(payload, "\"0100\"", "\"0110\""),
                "its adjacency has '1' at row 1, column 0; 0 is allowed there, and 1 above the "
                "diagonal");
  check_refused(replaced(payload, "\"0100\"", "\"0x00\""),
                "its adjacency has 'x' at row 0, column 1; 0 is allowed there, and 1 above the "
                "diagonal");
  check_refused(replaced(payload, "\"0100\"", "\"0000\""),
                "its graph is not pruned: a vertex is on no path from input to output");
  check_refused(replaced(payload, "input,output", "input,input"),
                "it has 'input' as operation 1 of 2, which is not allowed");
  check_refused(replaced(payload, "input,output", "input,output,"),
                "it has 'output' as operation 1 of 2, which is not allowed");
  check_refused(replaced(payload, ", 4,", ", 0,"),
                "its epochs are not a positive integer of 32 bits");
  check_refused(replaced(payload, ", 4,", ", 4294967296,"),
                "its epochs are not a positive integer of 32 bits");
  check_refused(payload + "x", "its payload goes on after the JSON list of five elements");
  CHECK_THROWS_AS(parse(replaced(payload, ", 4,", ", 4.5,")), FormatError);
}

TEST_CASE("a hash of another cell is refused") {
  const std::string payload = smallest();
  const std::string hash = payload.substr(2, 32);
  const std::string other(32, 'a');
  check_refused(replaced(payload, hash, other),
                "its module hash is " + other + ", but that of its graph is " + hash);
  check_refused(replaced(payload, hash, "ABC"),
                "'ABC' is not a module hash of 32 hex digits in lower case");
}

TEST_CASE("records that share their memory are read as if each had its own") {
  RecordScratch scratch;
  const std::vector<Run> runs = sample_runs();
  for (const Run& run : runs) {
    for (const std::string& payload : {payload_of(run), payload_of(runs.front())}) {
      const Record record = parse_record(as_bytes(payload), scratch, kPlace);
      CHECK(payload_of(record.run) == payload);
      CHECK(record.hash == parse(payload).hash);
    }
    // The scratch memory holds the graph of the last record, which differs from this one.
    const std::string wrong = replaced(payload_of(runs.front()), "\", \"input", "1\", \"input");
    CHECK_THROWS_AS(parse_record(as_bytes(wrong), scratch, kPlace), FormatError);
  }
}

TEST_CASE("a payload that is cut anywhere is refused") {
  const std::string payload = smallest();
  for (std::size_t size = 0; size < payload.size(); ++size) {
    CHECK_THROWS_AS(parse(std::string_view(payload).substr(0, size)), FormatError);
  }
}

TEST_CASE("the text of a record is read as it was written") {
  // The graph is not a cell of the space, but the text can still be read.
  const std::string protobuf(
      "\0\x01\xff and more bytes than one line of base64 can hold, which is 57", 64);
  const RecordText text{"no hash", 4'294'967'295, "01", "input,\tunknown", protobuf};
  std::string payload;
  append_record_text(payload, text);
  RecordScratch scratch;
  const RecordText again = parse_record_text(as_bytes(payload), scratch, kPlace);
  CHECK(again.hash == text.hash);
  CHECK(again.epochs == text.epochs);
  CHECK(again.adjacency == text.adjacency);
  CHECK(again.operations == text.operations);
  CHECK(again.protobuf == protobuf);
}

}  // namespace nb101
