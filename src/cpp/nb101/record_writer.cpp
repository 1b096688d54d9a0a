#include "nb101/record_writer.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "nb101/error.hpp"
#include "nb101/model_metrics.hpp"
#include "nb101/parallel.hpp"
#include "nb101/tfrecord.hpp"

namespace nb101 {

RecordWriter::RecordWriter(const IndexView& index) : index_(index) {
  if (!index.order().empty()) {
    repeats_.assign(index.num_rows() * index.budgets().size(), 0);
    return;
  }
  rows_by_hash_.resize(index.num_rows());
  std::iota(rows_by_hash_.begin(), rows_by_hash_.end(), 0);
  std::ranges::sort(rows_by_hash_, {}, [&](std::uint32_t row) { return index.hashes()[row]; });
}

std::vector<std::uint8_t> RecordWriter::next(std::size_t most, int threads) {
  constexpr std::size_t kSmallestPart = 256;
  const std::vector<Place> places = next_places(most);
  std::vector<std::vector<std::uint8_t>> parts(places.size());
  parallel_for(
      places.size(), threads,
      [&](std::size_t begin, std::size_t end) {
        std::vector<std::uint8_t>& part = parts[begin];  // one for each thread
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
  for (const std::vector<std::uint8_t>& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

std::vector<RecordWriter::Place> RecordWriter::next_places(std::size_t most) {
  std::vector<Place> places;
  if (rows_by_hash_.empty()) {
    take_ordered(places, most);
  } else {
    take_official(places, most);
  }
  return places;
}

void RecordWriter::take_ordered(std::vector<Place>& places, std::size_t most) {
  const auto budgets = static_cast<std::uint32_t>(index_.budgets().size());
  for (; places.size() < most && position_ < index_.order().size(); ++position_) {
    const std::uint32_t record = index_.order()[position_];
    const std::uint32_t row = record / budgets;
    if (row >= index_.num_rows()) {
      throw FormatError(index_.source(), 0, "the order of its records names no cell");
    }
    places.push_back({row, record % budgets, repeats_[record]++});
  }
}

void RecordWriter::take_official(std::vector<Place>& places, std::size_t most) {
  for (; places.size() < most && position_ < rows_by_hash_.size(); ++position_) {
    const std::uint32_t row = rows_by_hash_[position_];
    for (std::uint32_t budget = 0; budget < index_.budgets().size(); ++budget) {
      const std::uint32_t runs = index_.run_count(row, budget);
      for (std::uint32_t repeat = 0; repeat < runs; ++repeat) {
        places.push_back({row, budget, repeat});
      }
    }
  }
}

}  // namespace nb101
