#include "nb101/record_writer.hpp"

#include <string>

#include "nb101/parallel.hpp"
#include "nb101/record.hpp"
#include "nb101/tfrecord.hpp"

namespace nb101 {

std::vector<std::uint8_t> RecordWriter::next(std::size_t most, int threads) {
  constexpr std::size_t kSmallestPart = 256;
  std::vector<RunPlace> places;
  while (places.size() < most) {
    const auto place = order_.next();
    if (!place) break;
    places.push_back(*place);
  }
  if (places.empty()) return {};
  std::vector<std::vector<std::uint8_t>> parts(places.size());
  parallel_for(
      places.size(), threads,
      [&](std::size_t begin, std::size_t end) {
        std::vector<std::uint8_t>& part = parts[begin];  // each thread has its own part
        std::string payload;
        for (std::size_t i = begin; i < end; ++i) {
          const auto [row, budget, repeat] = places[i];
          payload.clear();
          append_record_payload(payload, index_.hashes()[row], index_.run(row, budget, repeat));
          append_frame(part, as_bytes(payload));
        }
      },
      kSmallestPart);
  std::vector<std::uint8_t> out;
  for (const std::vector<std::uint8_t>& part : parts)
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace nb101
