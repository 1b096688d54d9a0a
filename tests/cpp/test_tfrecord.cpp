#include <doctest.h>

#include "nb101/error.hpp"
#include "nb101/tfrecord.hpp"
#include "sample_records.hpp"

namespace nb101 {
namespace {

std::vector<std::uint8_t> frame_of(std::string_view payload) {
  std::vector<std::uint8_t> frame;
  append_frame(frame, as_bytes(payload));
  return frame;
}

}  // namespace

TEST_CASE("a frame gives its payload back") {
  for (const std::size_t size : {0, 1, 417, 100'000}) {
    const std::string payload(size, 'x');
    const std::vector<std::uint8_t> frame = frame_of(payload);
    CHECK(frame.size() == kFrameHead + size + kFrameTail);
    const Bytes found = frame_payload(frame, kPlace).value();
    CHECK(as_text(found) == payload);
    CHECK_NOTHROW(check_payload(found, kPlace));
  }
}

TEST_CASE("the head of a frame equals that of the official file's first record of 401 bytes") {
  const std::vector<std::uint8_t> expected = {0x91, 0x01, 0x00, 0x00, 0x00, 0x00,
                                              0x00, 0x00, 0x98, 0x25, 0xed, 0x9b};
  const std::vector<std::uint8_t> frame = frame_of(std::string(401, 'x'));
  CHECK(std::vector<std::uint8_t>(frame.begin(), frame.begin() + kFrameHead) == expected);
}

TEST_CASE("a frame that is cut anywhere is not complete") {
  const std::vector<std::uint8_t> frame = frame_of("some payload");
  for (std::size_t size = 0; size < frame.size(); ++size) {
    CHECK_FALSE(frame_payload(Bytes(frame).first(size), kPlace).has_value());
  }
}

TEST_CASE("the first twelve bytes show whether a frame begins") {
  const std::vector<std::uint8_t> frame = frame_of("some payload");
  CHECK(is_frame_start(frame));
  CHECK(is_frame_start(Bytes(frame).first(kFrameHead)));
  CHECK_FALSE(is_frame_start(Bytes(frame).first(kFrameHead - 1)));
  CHECK_FALSE(is_frame_start(Bytes(frame).subspan(1)));
}

TEST_CASE("every flipped bit is noticed") {
  std::vector<std::uint8_t> frame = frame_of("some payload");
  for (std::size_t bit = 0; bit < 8 * frame.size(); ++bit) {
    frame[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CHECK_THROWS_AS(check_payload(frame_payload(frame, kPlace).value(), kPlace), FormatError);
    frame[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
}

TEST_CASE("an error names the place of the record") {
  std::vector<std::uint8_t> frame = frame_of("some payload");
  frame.back() ^= 1;
  CHECK_THROWS_WITH_AS(check_payload(frame_payload(frame, kPlace).value(), kPlace),
                       "a.tfrecord: byte 100: record 3: the checksum of its payload is wrong",
                       FormatError);
}

TEST_CASE("a length that no record has is refused although its checksum is right") {
  std::vector<std::uint8_t> frame = frame_of(std::string(kMaxPayload + 1, 'x'));
  CHECK_THROWS_WITH_AS(frame_payload(frame, kPlace),
                       "a.tfrecord: byte 100: record 3: it has a length of 1048577 bytes; at most "
                       "1048576 are allowed",
                       FormatError);
}

}  // namespace nb101
