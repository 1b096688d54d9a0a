#include <doctest.h>

#include "nb101/error.hpp"
#include "nb101/frame_stream.hpp"
#include "sample_records.hpp"

namespace nb101 {
namespace {

const std::vector<std::string> kPayloads = {"first", "", std::string(400, 'x'),
                                            std::string(20, '\0'), "the last one"};

struct Found {
  std::vector<std::string> payloads;
  std::vector<std::uint64_t> offsets;
};

Found found_in(FrameStream& stream, Bytes bytes, std::size_t piece) {
  Found found;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const Bytes part = bytes.subspan(at, std::min(piece, bytes.size() - at));
    stream.feed(part, [&](std::span<const Frame> frames) {
      for (const Frame& frame : frames) {
        found.payloads.emplace_back(as_text(frame.payload));
        found.offsets.push_back(frame.offset);
      }
    });
  }
  return found;
}

}  // namespace

TEST_CASE("a stream in pieces of any size gives the same frames") {
  const std::vector<std::uint8_t> bytes = stream_of(kPayloads);
  for (const FileEnd file_end : {FileEnd::whole, FileEnd::torn}) {
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
      FrameStream stream("a", file_end, 1000, 7);
      const Found found = found_in(stream, bytes, piece);
      CHECK(found.payloads == kPayloads);
      CHECK(found.offsets[2] == 1000 + 2 * 16 + 5);
      CHECK(stream.num_records() == 7 + kPayloads.size());
      CHECK(stream.end() == 1000 + bytes.size());
      CHECK_NOTHROW(stream.finish());
    }
  }
}

TEST_CASE("a torn last record is left out, torn at any byte and with or without zeros after it") {
  const std::vector<std::uint8_t> whole = stream_of(kPayloads);
  const std::vector<std::string> before(kPayloads.begin(), kPayloads.end() - 1);
  const std::size_t end = stream_of(before).size();
  for (std::size_t size = end; size < whole.size(); ++size) {
    for (const std::size_t zeros : {0, 1, 40, 5000}) {
      std::vector<std::uint8_t> bytes(whole.begin(), whole.begin() + static_cast<long>(size));
      bytes.resize(size + zeros);
      for (const std::size_t piece : {std::size_t{1}, std::size_t{333}, bytes.size()}) {
        FrameStream stream("a", FileEnd::torn);
        CHECK(found_in(stream, bytes, piece).payloads == before);
        CHECK(stream.end() == end);
        CHECK(stream.num_records() == before.size());
        CHECK_NOTHROW(stream.finish());
      }
    }
  }
}

TEST_CASE("a damaged record with others after it is an error, for any pieces of the stream") {
  const std::vector<std::uint8_t> whole = stream_of(kPayloads);
  const std::size_t last = stream_of({kPayloads.begin(), kPayloads.end() - 1}).size();
  for (std::size_t at = 0; at < last; ++at) {
    std::vector<std::uint8_t> bytes = whole;
    bytes[at] ^= 0x10;
    for (const std::size_t piece : {std::size_t{1}, std::size_t{50}, bytes.size()}) {
      FrameStream stream("a", FileEnd::torn);
      CHECK_THROWS_AS(found_in(stream, bytes, piece), FormatError);
    }
  }
  std::vector<std::uint8_t> bytes = whole;
  bytes[22] ^= 1;  // in the head of record 1
  FrameStream stream("a", FileEnd::torn);
  CHECK_THROWS_WITH_AS(found_in(stream, bytes, bytes.size()),
                       "a: byte 21: record 1: a damaged record is followed by others", FormatError);
}

TEST_CASE("if the end must be whole, every damage is an error that says what is wrong") {
  std::vector<std::uint8_t> bytes = stream_of(kPayloads);
  FrameStream cut("a");
  found_in(cut, Bytes(bytes).first(30), 30);
  CHECK_THROWS_WITH_AS(
      cut.finish(),
      "a: byte 21: record 1: cut short: the source ends 9 bytes after the record begins",
      FormatError);
  bytes[0] ^= 1;
  FrameStream stream("a");
  CHECK_THROWS_WITH_AS(
      found_in(stream, bytes, bytes.size()),
      "a: byte 0: record 0: the checksum of its length is wrong: the file is damaged or is not a "
      "TFRecord",
      FormatError);
}

}  // namespace nb101
