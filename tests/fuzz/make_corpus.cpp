// Writes the fuzzers' seeds, small sound files of the present format: make_corpus tests/fuzz/corpus
#include <filesystem>

#include "nb101/model_metrics.hpp"
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
  Run wide = runs[0];
  wide.metrics.evaluations[1].validation_accuracy = 0.1;
  write_sample_index(folder + "/index/wide_column", {wide, runs[6]});

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
  // Three evaluations without a field, parameters, total time, unknown fields.
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
