#include "nb101/record_reader.hpp"

#include "nb101/model_metrics.hpp"
#include "nb101/parallel.hpp"
#include "nb101/tfrecord.hpp"

namespace nb101 {

void RecordReader::feed(Bytes bytes) {
  if (!rest_.empty()) {  // completed in its own buffer
    rest_.insert(rest_.end(), bytes.begin(), bytes.end());
    bytes = rest_;
  }
  const std::size_t used = scan(bytes);
  take_frames();
  const Bytes left = bytes.subspan(used);
  rest_ = std::vector<std::uint8_t>(left.begin(), left.end());
  offset_ += used;
}

void RecordReader::finish() const {
  if (rest_.empty()) return;
  RecordPlace{&source_, num_records_, offset_}.fail(
      "cut short: the source ends " + std::to_string(rest_.size()) + " bytes after its beginning");
}

std::size_t RecordReader::scan(Bytes bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const RecordPlace place{&source_, num_records_ + frames_.size(), offset_ + at};
    const auto payload = frame_payload(bytes.subspan(at), place);
    if (!payload) break;
    frames_.push_back({*payload, place.offset});
    at += kFrameHead + payload->size() + kFrameTail;
  }
  return at;
}

void RecordReader::take_frames() {
  constexpr std::size_t kSmallestPart = 256;
  std::vector<Run> runs(frames_.size());
  std::vector<std::uint8_t> has_unknown_fields(frames_.size());
  parallel_for(
      frames_.size(), threads_,
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          const RecordPlace place{&source_, num_records_ + i, frames_[i].offset};
          check_payload(frames_[i].payload, place);
          const Record record = parse_record(frames_[i].payload, place);
          runs[i] = record.run;
          has_unknown_fields[i] = record.has_unknown_fields;
        }
      },
      kSmallestPart);
  Finding& unknown = table_.findings().unknown_fields;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (has_unknown_fields[i] && unknown.count++ == 0) {
      unknown.first = "run " + std::to_string(table_.size() + i);
    }
  }
  table_.append(runs, threads_);
  num_records_ += frames_.size();
  frames_.clear();
}

}  // namespace nb101
