#include "nb101/shard_reader.hpp"

#include "nb101/graph_hash.hpp"
#include "nb101/parallel.hpp"
#include "nb101/record.hpp"

namespace nb101 {

void ShardReader::feed(Bytes bytes) {
  frames_.feed(bytes, [this](std::span<const Frame> frames) { take(frames); });
}

void ShardReader::take(std::span<const Frame> frames) {
  constexpr std::size_t kSmallestPart = 256;
  const std::size_t first = runs_.codes.size();
  resize(first + frames.size());
  std::vector<Record> records(frames.size());
  parallel_for(
      frames.size(), threads_,
      [&](std::size_t begin, std::size_t end) {
        RecordScratch scratch;
        for (std::size_t i = begin; i < end; ++i) {
          const RecordPlace place = frames_.place(i);
          const Record& record = records[i] =
              parse_record_of_any_hash(frames[i].payload, scratch, place);
          check_training_run(record.run.metrics, record.found, place);
          const HarnessFields& harness = record.found.harness;
          runs_.offsets[first + i] = frames[i].offset;
          runs_.codes[first + i] = record.run.graph;
          runs_.epochs[first + i] = record.run.epochs;
          runs_.repeats[first + i] = harness.repeat;
          runs_.seeds[first + i] = harness.seed;
          runs_.attempts[first + i] = harness.attempts;
        }
      },
      kSmallestPart);
  hash_new_cells(std::span(runs_.codes).subspan(first));
  for (std::size_t i = 0; i < records.size(); ++i) {
    check_hash(records[i], hashes_.at(records[i].run.graph), frames_.place(i));
  }
}

void ShardReader::hash_new_cells(std::span<const Code> codes) {
  constexpr std::size_t kSmallestPart = 64;
  std::vector<Code> fresh;
  for (const Code code : codes) {
    if (hashes_.try_emplace(code).second) fresh.push_back(code);
  }
  std::vector<Digest> digests(fresh.size());
  parallel_for(
      fresh.size(), threads_,
      [&](std::size_t begin, std::size_t end) {
        hash_codes(std::span(fresh).subspan(begin, end - begin),
                   std::span(digests).subspan(begin, end - begin));
      },
      kSmallestPart);
  for (std::size_t i = 0; i < fresh.size(); ++i) hashes_[fresh[i]] = digests[i];
}

void ShardReader::resize(std::size_t size) {
  runs_.offsets.resize(size);
  runs_.codes.resize(size);
  runs_.epochs.resize(size);
  runs_.repeats.resize(size);
  runs_.seeds.resize(size);
  runs_.attempts.resize(size);
}

}  // namespace nb101
