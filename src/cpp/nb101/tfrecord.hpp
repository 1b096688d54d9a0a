// TFRecord framing: length, its checksum, payload, its checksum; little-endian.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nb101/bytes.hpp"

namespace nb101 {

inline constexpr std::size_t kFrameHead = 12;  // length and its masked checksum
inline constexpr std::size_t kFrameTail = 4;   // the payload's
// A longer record can't be one of this format; without a bound a torn length asks for the rest.
inline constexpr std::uint64_t kMaxPayload = 1 << 20;

// Where a record is: for error messages.
struct RecordPlace {
  const std::string* source;
  std::uint64_t number;  // from 0
  std::uint64_t offset;  // of its frame in the source

  [[noreturn]] void fail(const std::string& what) const;  // FormatError
};

// The payload of the frame at the start of `bytes`, or none where it goes on behind their end.
// Checks the length's checksum, not the payload's.
std::optional<Bytes> frame_payload(Bytes bytes, const RecordPlace& place);

void check_payload(Bytes payload, const RecordPlace& place);

void append_frame(std::vector<std::uint8_t>& out, Bytes payload);

}  // namespace nb101
