#include <doctest.h>

#include "nb101/error.hpp"
#include "nb101/record.hpp"
#include "nb101/shard_reader.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

HarnessFields harness_of(std::uint64_t number) {
  return {number % 3, number << 40, 1 + number, 0.5, 1.5, 2.5};
}

void append_record(std::vector<std::uint8_t>& shard, const Run& run, const HarnessFields* harness) {
  const std::string source = "sample";
  std::string official;
  append_record_payload(official, SearchSpace::instance().hash(run.cell_id), run);
  RecordScratch scratch;
  RecordText text = parse_record_text(as_bytes(official), scratch, {&source, 0, 0});
  std::string protobuf;
  append_metrics(protobuf, run.metrics, harness);
  text.protobuf = protobuf;
  std::string payload;
  append_record_text(payload, text);
  append_frame(shard, as_bytes(payload));
}

}  // namespace

TEST_CASE("a shard gives its runs, in pieces of any size and with any number of threads") {
  std::vector<Run> runs;
  for (int i = 0; i < 20; ++i) {  // enough for several threads
    for (const Run& run : sample_runs()) runs.push_back(run);
  }
  std::vector<std::uint8_t> shard;
  std::vector<std::uint64_t> offsets;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    offsets.push_back(shard.size());
    const HarnessFields harness = harness_of(i);
    append_record(shard, runs[i], &harness);
  }
  const std::size_t whole = shard.size();
  shard.insert(shard.end(), shard.begin(), shard.begin() + 100);  // a torn record
  for (const std::size_t piece : {std::size_t{77}, std::size_t{5000}, whole, shard.size()}) {
    for (const int threads : {1, 3}) {
      ShardReader reader("a", threads);
      for (std::size_t at = 0; at < shard.size(); at += piece) {
        reader.feed(Bytes(shard).subspan(at, std::min(piece, shard.size() - at)));
      }
      const ShardRuns& found = reader.runs();
      CHECK(found.offsets == offsets);
      REQUIRE(found.codes.size() == runs.size());
      for (std::size_t i = 0; i < runs.size(); ++i) {
        const HarnessFields harness = harness_of(i);
        CHECK(found.codes[i] == runs[i].graph);
        CHECK(found.epochs[i] == runs[i].epochs);
        CHECK(found.repeats[i] == harness.repeat);
        CHECK(found.seeds[i] == harness.seed);
        CHECK(found.attempts[i] == harness.attempts);
      }
    }
  }
}

TEST_CASE("a record without the harness's fields is refused, and the error names its place") {
  const std::vector<Run> runs = sample_runs();
  std::vector<std::uint8_t> shard;
  const HarnessFields harness = harness_of(0);
  append_record(shard, runs[0], &harness);
  const std::string at = std::to_string(shard.size());
  append_record(shard, runs[1], nullptr);
  ShardReader reader("a", 1);
  const std::string message = "a: byte " + at +
                              ": record 1: it is not a record of a training run: it lacks the "
                              "field repeat";
  CHECK_THROWS_WITH_AS(reader.feed(shard), message.c_str(), FormatError);
}

TEST_CASE("a hash of another cell is refused, and the error names its place") {
  const std::vector<Run> runs = sample_runs();
  std::vector<std::uint8_t> shard;
  const HarnessFields harness = harness_of(0);
  append_record(shard, runs[0], &harness);
  append_record(shard, runs[0], &harness);
  const std::string hash = to_hex(SearchSpace::instance().hash(runs[0].cell_id));
  // Changes the first digit of the hash of record 1, and the checksum of the payload with it.
  const std::size_t at = shard.size() / 2;
  const std::size_t digit = at + kFrameHead + 2;
  shard[digit] = shard[digit] == '0' ? '1' : '0';
  std::vector<std::uint8_t> changed(shard.begin(), shard.begin() + static_cast<long>(at));
  append_frame(changed, Bytes(shard).subspan(at + kFrameHead, at - kFrameHead - kFrameTail));
  std::string other = hash;
  other[0] = static_cast<char>(shard[digit]);
  ShardReader reader("a", 1);
  const std::string message = "a: byte " + std::to_string(at) + ": record 1: its module hash is " +
                              other + ", but that of its graph is " + hash;
  CHECK_THROWS_WITH_AS(reader.feed(changed), message.c_str(), FormatError);
}

}  // namespace nb101
