#include <doctest.h>

#include <algorithm>
#include <utility>

#include "nb101/record.hpp"
#include "nb101/record_reader.hpp"
#include "nb101/record_writer.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

const Digest& hash_of(const Run& run) {
  return SearchSpace::instance().hashes()[static_cast<std::size_t>(run.cell_id)];
}

std::vector<std::uint8_t> stream_of(const std::vector<Run>& runs) {
  std::vector<std::uint8_t> stream;
  for (const Run& run : runs) {
    std::string payload;
    append_record_payload(payload, hash_of(run), run);
    append_frame(stream, as_bytes(payload));
  }
  return stream;
}

// Compiles the records into an index and writes them again.
std::vector<std::uint8_t> exported(const std::vector<std::uint8_t>& stream, std::size_t most) {
  const TemporaryFolder folder;
  RunTable table;
  RecordReader reader(table, "sample", 1);
  reader.feed(stream);
  reader.finish();
  IndexAssembly(table).write(folder.file("i"), "{}", 0);
  const IndexFile file(folder.file("i"), Verify::full);
  RecordWriter writer(file.view());
  std::vector<std::uint8_t> all;
  for (auto part = writer.next(most, 2); !part.empty(); part = writer.next(most, 2)) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace

TEST_CASE("records are written byte for byte in the order in which they were read") {
  std::vector<Run> runs = sample_runs();
  runs[4].metrics.evaluations[1].train_accuracy = 0.1;
  for (const std::size_t most : {std::size_t{1}, std::size_t{7}, runs.size()}) {
    CHECK(exported(stream_of(runs), most) == stream_of(runs));
  }
  std::ranges::reverse(runs);
  CHECK(exported(stream_of(runs), 10) == stream_of(runs));
  std::ranges::stable_sort(runs, {},
                           [](const Run& run) { return std::pair(hash_of(run), run.epochs); });
  CHECK(exported(stream_of(runs), 10) == stream_of(runs));
}

}  // namespace nb101
