#include "nb101/tfrecord.hpp"

#include <bit>
#include <cstring>

#include "nb101/crc32c.hpp"
#include "nb101/error.hpp"

namespace nb101 {
namespace {

// Returns the checksum in the form in which TFRecord stores it. It is rotated and shifted, because
// the CRC of bytes that contain their own CRC is problematic. Source: TensorFlow's
// core/lib/hash/crc32c.h.
std::uint32_t masked_crc(Bytes bytes) noexcept {
  constexpr int kRotation = 15;
  constexpr std::uint32_t kShift = 0xa282ead8;
  return std::rotr(crc32c(bytes), kRotation) + kShift;
}

}  // namespace

void RecordPlace::fail_with(std::initializer_list<SentencePart> parts) const {
  throw FormatError(*source, offset, sentence("record ", number, ": ", sentence_of(parts)));
}

bool is_frame_start(Bytes bytes) noexcept {
  constexpr std::size_t kLengthBytes = sizeof(std::uint64_t);
  return bytes.size() >= kFrameHead &&
         masked_crc(bytes.first(kLengthBytes)) == load<std::uint32_t>(bytes.data() + kLengthBytes);
}

std::optional<Bytes> frame_payload(Bytes bytes, const RecordPlace& place) {
  if (bytes.size() < kFrameHead) return std::nullopt;
  if (!is_frame_start(bytes)) {
    place.fail("the checksum of its length is wrong: the file is damaged or is not a TFRecord");
  }
  const auto length = load<std::uint64_t>(bytes.data());
  if (length > kMaxPayload) {
    place.fail("it has a length of ", length, " bytes; at most ", kMaxPayload, " are allowed");
  }
  if (bytes.size() < kFrameHead + length + kFrameTail) return std::nullopt;
  return bytes.subspan(kFrameHead, length);
}

void check_payload(Bytes payload, const RecordPlace& place) {
  const auto stored = load<std::uint32_t>(payload.data() + payload.size());
  if (masked_crc(payload) != stored) place.fail("the checksum of its payload is wrong");
}

void append_frame(std::vector<std::uint8_t>& out, Bytes payload) {
  const std::size_t at = out.size();
  out.resize(at + kFrameHead + payload.size() + kFrameTail);
  std::uint8_t* const to = out.data() + at;
  store<std::uint64_t>(to, payload.size());
  store(to + 8, masked_crc({to, 8}));
  std::memcpy(to + kFrameHead, payload.data(), payload.size());
  store(to + kFrameHead + payload.size(), masked_crc(payload));
}

}  // namespace nb101
