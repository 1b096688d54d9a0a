#include "nb101/frame_stream.hpp"

#include <algorithm>
#include <optional>

#include "nb101/error.hpp"

namespace nb101 {

void FrameStream::finish() const {
  if (file_end_ == FileEnd::torn || rest_.empty()) return;
  RecordPlace{&source_, num_records_, end_}.fail("cut short: the source ends ", rest_.size(),
                                                 " bytes after the record begins");
}

std::size_t FrameStream::missing_bytes() const noexcept {
  if (rest_.size() < kFrameHead) return kFrameHead - rest_.size();
  // scan() has checked the length, so the addition below does not overflow.
  const auto length = static_cast<std::size_t>(load<std::uint64_t>(rest_.data()));
  return kFrameHead + length + kFrameTail - rest_.size();
}

std::size_t FrameStream::scan(Bytes bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const RecordPlace place{&source_, num_records_ + frames_.size(), end_ + at};
    const Bytes left = bytes.subspan(at);
    std::optional<Bytes> payload;
    try {
      payload = frame_payload(left, place);
      if (payload && file_end_ == FileEnd::torn) check_payload(*payload, place);
    } catch (const FormatError&) {
      if (file_end_ == FileEnd::whole) throw;
      const std::size_t damaged = payload ? frame_size(*payload) : kFrameHead;
      is_torn_ = true;
      check_zeros(left.subspan(damaged), place);
      return at;
    }
    if (!payload) break;
    frames_.push_back({*payload, place.offset});
    at += frame_size(*payload);
  }
  return at;
}

void FrameStream::check_zeros(Bytes bytes, const RecordPlace& place) {
  const bool are_zeros = std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
  if (!are_zeros) place.fail("a damaged record is followed by others");
}

}  // namespace nb101
