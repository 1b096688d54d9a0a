#include <doctest.h>

#include "nb101/error.hpp"
#include "nb101/record_reader.hpp"
#include "nb101/tfrecord.hpp"

namespace nb101 {
namespace {

const std::string kSource = "a.tfrecord";
const RecordPlace kPlace{&kSource, 3, 100};

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

TEST_CASE("the head of a frame is as in the official file") {  // its first record, of 401 bytes
  const std::vector<std::uint8_t> expected = {0x91, 0x01, 0x00, 0x00, 0x00, 0x00,
                                              0x00, 0x00, 0x98, 0x25, 0xed, 0x9b};
  const std::vector<std::uint8_t> frame = frame_of(std::string(401, 'x'));
  CHECK(std::vector<std::uint8_t>(frame.begin(), frame.begin() + kFrameHead) == expected);
}

TEST_CASE("a frame cut anywhere goes on behind the end") {
  const std::vector<std::uint8_t> frame = frame_of("some payload");
  for (std::size_t size = 0; size < frame.size(); ++size) {
    CHECK_FALSE(frame_payload(Bytes(frame).first(size), kPlace).has_value());
  }
}

TEST_CASE("every flipped bit is noticed") {
  std::vector<std::uint8_t> frame = frame_of("some payload");
  for (std::size_t bit = 0; bit < 8 * frame.size(); ++bit) {
    frame[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CHECK_THROWS_AS(check_payload(frame_payload(frame, kPlace).value(), kPlace), FormatError);
    frame[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
}

TEST_CASE("errors say where") {
  std::vector<std::uint8_t> frame = frame_of("some payload");
  frame.back() ^= 1;
  CHECK_THROWS_WITH_AS(check_payload(frame_payload(frame, kPlace).value(), kPlace),
                       "a.tfrecord: byte 100: record 3: the checksum of its payload is wrong",
                       FormatError);
}

TEST_CASE("a length beyond all records is refused, its checksum right or not") {
  std::vector<std::uint8_t> frame = frame_of(std::string(kMaxPayload + 1, 'x'));
  CHECK_THROWS_WITH_AS(frame_payload(frame, kPlace),
                       "a.tfrecord: byte 100: record 3: a length of 1048577 bytes", FormatError);
}

}  // namespace nb101
