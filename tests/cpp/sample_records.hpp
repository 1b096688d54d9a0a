// Records of the official format, and the place in a file that their errors name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nb101/record.hpp"
#include "nb101/search_space.hpp"
#include "nb101/tfrecord.hpp"

namespace nb101 {

inline const std::string kSource = "a.tfrecord";
inline const RecordPlace kPlace{&kSource, 3, 100};

inline std::string payload_of(const Run& run) {
  std::string payload;
  append_record_payload(payload, SearchSpace::instance().hash(run.cell_id), run);
  return payload;
}

inline std::vector<std::uint8_t> stream_of(const std::vector<std::string>& payloads) {
  std::vector<std::uint8_t> stream;
  for (const std::string& payload : payloads) append_frame(stream, as_bytes(payload));
  return stream;
}

}  // namespace nb101
