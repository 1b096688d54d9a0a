// Finds the frames of a TFRecord file whose bytes arrive in pieces.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nb101/tfrecord.hpp"

namespace nb101 {

struct Frame {
  Bytes payload;
  std::uint64_t offset;  // where the frame begins in its source
};

// What a file may end with. A crash can leave a torn record at the end of a result shard: a part of
// one, or a whole one of which some bytes never reached the disk and are zeros. If the head of the
// record is lost, all bytes after it must be zeros too.
enum class FileEnd : std::uint8_t {
  whole,  // only whole records are allowed; the reader of the frames checks their payloads
  torn,   // a torn last record is left out; the checksums of all payloads are checked here
};

class FrameStream {
 public:
  // The first byte of the stream is byte `offset` of the source, where record `number` begins.
  explicit FrameStream(std::string source, FileEnd file_end = FileEnd::whole,
                       std::uint64_t offset = 0, std::uint64_t number = 0)
      : source_(std::move(source)), file_end_(file_end), end_(offset), num_records_(number) {}

  // Takes the next bytes, which may end anywhere, and calls take(std::span<const Frame>) with the
  // frames that they complete. The frames are valid during this call only. Throws FormatError if a
  // frame is damaged; the stream must not be used afterwards.
  template <class Take>
  void feed(Bytes bytes, Take take) {
    // A frame that began in earlier bytes is completed in rest_.
    while (!rest_.empty() && !bytes.empty() && !is_torn_) {
      const Bytes more = bytes.first(std::min(missing_bytes(), bytes.size()));
      rest_.insert(rest_.end(), more.begin(), more.end());
      bytes = bytes.subspan(more.size());
      if (take_frames(rest_, take) > 0) rest_.clear();
    }
    if (is_torn_) return check_zeros(bytes, {&source_, num_records_, end_});
    if (bytes.empty()) return;
    const Bytes left = bytes.subspan(take_frames(bytes, take));
    rest_.assign(left.begin(), left.end());
  }

  // Ends the stream. Throws FormatError if the last record must be whole and is not.
  void finish() const;

  // Returns the place of the i-th frame that `take` is given.
  RecordPlace place(std::size_t i) const noexcept {
    return {&source_, num_records_ + i, frames_[i].offset};
  }

  std::uint64_t num_records() const noexcept { return num_records_; }  // counts from `number` on
  std::uint64_t end() const noexcept { return end_; }  // the byte after the last whole record

 private:
  // Calls `take` with the whole frames in the bytes and returns how many bytes these occupy.
  template <class Take>
  std::size_t take_frames(Bytes bytes, Take& take) {
    frames_.clear();  // those of a call that failed refer to bytes that may be gone
    const std::size_t used = scan(bytes);
    take(std::span<const Frame>(frames_));
    num_records_ += frames_.size();
    frames_.clear();
    end_ += used;
    return used;
  }

  // Returns how many bytes `rest_` lacks for the head of its frame or, once that is complete, for
  // the whole frame.
  std::size_t missing_bytes() const noexcept;
  std::size_t scan(Bytes bytes);  // collects whole frames and returns how many bytes they occupy
  // Throws FormatError unless all bytes after the damaged record at `place` are zeros.
  static void check_zeros(Bytes bytes, const RecordPlace& place);

  std::string source_;
  FileEnd file_end_;
  bool is_torn_ = false;
  std::vector<std::uint8_t> rest_;  // the beginning of a frame that is not complete
  std::vector<Frame> frames_;
  std::uint64_t end_;
  std::uint64_t num_records_;
};

}  // namespace nb101
