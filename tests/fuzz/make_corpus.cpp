// Writes the first inputs of the fuzzers, which are small valid files of the present format. Run it
// as: make_corpus tests/fuzz/corpus
#include <filesystem>
#include <limits>
#include <span>

#include "nb101/own_columns.hpp"
#include "nb101/record.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

void make_corpus(const std::string& folder) {
  std::filesystem::create_directories(folder + "/index");
  std::filesystem::create_directories(folder + "/record");
  const std::vector<Run> runs = sample_runs();
  write_sample_index(folder + "/index/one_run", {runs[0]});
  write_sample_index(folder + "/index/one_budget", {runs[0], runs[1], runs[6], runs[7]});
  write_sample_index(folder + "/index/missing_run", {runs[0], runs[1], runs[3], runs[6]});
  write_sample_index(folder + "/index/other_order", {runs[6], runs[12], runs[0], runs[3]});
  std::vector<Run> timed = {runs[0], runs[6]};
  timed[0].metrics.total_time = 413.7015450000763;  // an official one, a multiple of 2^-22 s
  timed[1].metrics.total_time = 1000;
  write_sample_index(folder + "/index/ticks", timed);
  Run wide = runs[0];
  wide.metrics.evaluations[1].validation_accuracy = 0.1;
  write_sample_index(folder + "/index/wide_column", {wide, runs[6]});
  const IndexFile plain(folder + "/index/one_budget", Verify::sections);
  const std::vector<double> values(plain.view().num_rows(), 0.1);
  std::vector<float> others(plain.view().num_rows(), std::numeric_limits<float>::quiet_NaN());
  others[0] = 1;
  const std::vector<OwnColumn> columns = {
      {make_label("latency_ms", "ms", "one image"), ElementType::f64,
       object_bytes(std::span<const double>(values))},
      {make_label("energy", "", ""), ElementType::f32,
       object_bytes(std::span<const float>(others))}};
  write_with_own_columns(plain.view(), folder + "/index/own_columns", columns);

  for (const std::size_t run : {std::size_t{0}, runs.size() - 1}) {
    const auto id = static_cast<std::size_t>(runs[run].cell_id);
    const std::string cell = std::to_string(id);
    std::string payload;
    append_record_payload(payload, SearchSpace::instance().hashes()[id], runs[run]);
    write_file(folder + "/record/payload_" + cell, as_bytes(payload));
    std::vector<std::uint8_t> frame;
    append_frame(frame, as_bytes(payload));
    append_frame(frame, as_bytes(payload));
    write_file(folder + "/record/stream_" + cell, frame);
  }
  // The record of a training run, as its protobuf, as its payload and in a shard with a torn end.
  std::string message;
  const HarnessFields harness{2, 0x1234'5678'9abc'def0, 1, 3.5, 17.75, 8.0625};
  append_metrics(message, runs[0].metrics, &harness);
  write_file(folder + "/record/training_protobuf", as_bytes(message));
  const std::string hash = to_hex(SearchSpace::instance().hash(runs[0].cell_id));
  std::string payload;
  append_record_text(payload, {hash, runs[0].epochs, "0100", "input,output", message});
  write_file(folder + "/record/training_payload", as_bytes(payload));
  std::vector<std::uint8_t> shard;
  append_frame(shard, as_bytes(payload));
  append_frame(shard, as_bytes(payload));
  shard.resize(shard.size() + 30);
  write_file(folder + "/record/shard", shard);
  // Three evaluations without a field, then parameters, total time and two unknown fields.
  const std::string protobuf(
      "\x0a\x00\x0a\x00\x0a\x00\x10\x01\x19\0\0\0\0\0\0\xf0\x3f\x20\x00\x28\x00", 21);
  write_file(folder + "/record/protobuf", as_bytes(protobuf));
}

}  // namespace
}  // namespace nb101

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  nb101::make_corpus(argv[1]);
  return 0;
}
