// The frame of a TFRecord record: the payload's length, the checksum of the length, the payload and
// the checksum of the payload. All numbers are little-endian.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "nb101/bytes.hpp"
#include "nb101/sentence.hpp"

namespace nb101 {

inline constexpr std::size_t kFrameHead = 12;  // the length and its checksum
inline constexpr std::size_t kFrameTail = 4;   // the payload's checksum
// No record of this format is longer. Without a bound, a reader would wait for the rest of a
// payload whose length is damaged.
inline constexpr std::uint64_t kMaxPayload = 1 << 20;

// The place of a record, for error messages.
struct RecordPlace {
  const std::string* source;
  std::uint64_t number;  // counted from 0
  std::uint64_t offset;  // where its frame begins in the source

  // Throws FormatError. The parts make up what it says after the record's number.
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    fail_with({parts...});
  }

 private:
  [[noreturn]] void fail_with(std::initializer_list<SentencePart> parts) const;
};

inline std::uint64_t frame_size(Bytes payload) noexcept {
  return kFrameHead + payload.size() + kFrameTail;
}

// Returns whether the bytes begin with a length and the checksum of that length.
bool is_frame_start(Bytes bytes) noexcept;

// Returns the payload of the frame at the start of `bytes`, or nothing if the frame is not
// complete. Throws FormatError if the length or its checksum is wrong. check_payload checks the
// payload.
std::optional<Bytes> frame_payload(Bytes bytes, const RecordPlace& place);

// Throws FormatError if the checksum after the payload is wrong.
void check_payload(Bytes payload, const RecordPlace& place);

// Appends the frame of a payload.
void append_frame(std::vector<std::uint8_t>& out, Bytes payload);

}  // namespace nb101
