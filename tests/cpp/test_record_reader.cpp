#include <doctest.h>

#include "nb101/error.hpp"
#include "nb101/record.hpp"
#include "nb101/record_reader.hpp"
#include "sample_records.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

// Returns a payload with the harness's fields. It also has an unknown field if `unknown` is not 0.
std::string training_payload(const Run& run, char unknown = 0) {
  RecordScratch scratch;
  const std::string official = payload_of(run);
  RecordText text = parse_record_text(as_bytes(official), scratch, {&kSource, 0, 0});
  std::string protobuf;
  const HarnessFields harness{1, 2, 3, 4, 5, 6};
  append_metrics(protobuf, run.metrics, &harness);
  if (unknown) protobuf += {static_cast<char>(unknown << 3), 1};
  text.protobuf = protobuf;
  std::string payload;
  append_record_text(payload, text);
  return payload;
}

}  // namespace

TEST_CASE("a stream in pieces of any size gives the same records") {
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
  append_frame(stream, as_bytes(payload_of(sample_runs()[0])));
  const std::size_t whole = stream.size();
  append_frame(stream, as_bytes(payload_of(sample_runs()[1])));
  RunTable table;
  RecordReader reader(table, kSource, 1);
  reader.feed(Bytes(stream).first(whole + 20));
  const std::string message =
      "a.tfrecord: byte " + std::to_string(whole) +
      ": record 1: cut short: the source ends 20 bytes after the record begins";
  CHECK_THROWS_WITH_AS(reader.finish(), message.c_str(), FormatError);
}

TEST_CASE("the harness's fields are known, and runs with other fields are counted") {
  const std::vector<Run> runs = sample_runs();
  const std::vector<std::uint8_t> stream =
      stream_of({training_payload(runs[0]), payload_of(runs[1]), training_payload(runs[2], 9),
                 training_payload(runs[3], 8)});
  RunTable table;
  RecordReader reader(table, kSource, 1);
  reader.feed(stream);
  reader.finish();
  CHECK(table.findings().unknown_fields.count == 2);
  CHECK(table.findings().unknown_fields.first == "run 2");
}

}  // namespace nb101
