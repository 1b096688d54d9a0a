#include "nb101/tfrecord.hpp"

#include <bit>

#include "nb101/crc32c.hpp"
#include "nb101/error.hpp"

namespace nb101 {
namespace {

std::uint32_t masked_crc(Bytes bytes) noexcept {
  const std::uint32_t crc = crc32c(bytes);
  return std::rotr(crc, 15) + 0xa282ead8;  // TensorFlow's core/lib/hash/crc32c.h
}

}  // namespace

void RecordPlace::fail(const std::string& what) const {
  throw FormatError(*source, offset, "record " + std::to_string(number) + ": " + what);
}

std::optional<Bytes> frame_payload(Bytes bytes, const RecordPlace& place) {
  if (bytes.size() < kFrameHead) return std::nullopt;
  if (masked_crc(bytes.first(8)) != load<std::uint32_t>(bytes.data() + 8)) {
    place.fail("the checksum of its length is wrong: no TFRecord, or damaged");
  }
  const auto length = load<std::uint64_t>(bytes.data());
  if (length > kMaxPayload) place.fail("a length of " + std::to_string(length) + " bytes");
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
