#include "nb101/record_reader.hpp"

#include <algorithm>
#include <vector>

#include "nb101/parallel.hpp"
#include "nb101/record.hpp"
#include "nb101/sentence.hpp"

namespace nb101 {
namespace {

constexpr std::size_t kFramesInBlock = 4096;  // the runs of so many records fit in the cache

}  // namespace

void RecordReader::feed(Bytes bytes) {
  frames_.feed(bytes, [this](std::span<const Frame> frames) {
    for (std::size_t first = 0; first < frames.size(); first += kFramesInBlock) {
      take(frames, first, std::min(first + kFramesInBlock, frames.size()));
    }
  });
}

void RecordReader::take(std::span<const Frame> frames, std::size_t first, std::size_t last) {
  constexpr std::size_t kSmallestPart = 256;
  runs_.resize(last - first);
  std::vector<std::uint8_t> has_unknown_fields(runs_.size());
  parallel_for(
      runs_.size(), threads_,
      [&](std::size_t begin, std::size_t end) {
        RecordScratch scratch;
        for (std::size_t i = begin; i < end; ++i) {
          const Bytes payload = frames[first + i].payload;
          const RecordPlace place = frames_.place(first + i);
          check_payload(payload, place);
          const Record record = parse_record(payload, scratch, place);
          runs_[i] = record.run;
          has_unknown_fields[i] = record.found.unknown_tag != 0;
        }
      },
      kSmallestPart);
  Finding& unknown = table_.findings().unknown_fields;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    if (has_unknown_fields[i] && unknown.count++ == 0) {
      unknown.first = sentence("run ", table_.size() + i);
    }
  }
  table_.append(runs_, threads_);
}

}  // namespace nb101
