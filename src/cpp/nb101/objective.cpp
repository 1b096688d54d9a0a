#include "nb101/objective.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>

#include "nb101/random.hpp"
#include "nb101/sentence.hpp"
#include "nb101/stop.hpp"

namespace nb101 {
namespace {

constexpr std::size_t kTableSize = static_cast<std::size_t>(kNumCells) + 1;
constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

// A file that was not verified may hold an id that would lie outside the table.
bool is_cell(std::int32_t id) noexcept { return id >= 0 && id < kNumCells; }

// Returns an id that was checked. Another thread may have changed it since, so the result is
// kNoCell or a cell id in any case.
std::int32_t still_cell(std::int32_t id) noexcept {
  const std::uint32_t slot = static_cast<std::uint32_t>(id) + 1;
  return static_cast<std::int32_t>(std::min<std::uint32_t>(slot, kNumCells)) - 1;
}

// Calls use(row, slot) for each row whose cell exists.
template <class Use>
void for_each_row(const IndexView& index, Use use) {
  for (std::size_t row = 0; row < index.num_rows(); ++row) {
    check_stop();
    const std::int32_t id = index.cell_id(row);
    if (is_cell(id)) use(row, static_cast<std::size_t>(id) + 1);
  }
}

}  // namespace

Objective::Objective(const IndexView& index, const Series& series, Repeat repeat)
    : is_random_(repeat.kind == Repeat::Kind::random), seed_(random_word(repeat.seed, 0)) {
  if (is_random_) {
    take_all(index, series);
  } else {
    take_fixed(index, series, repeat);
  }
}

void Objective::take_fixed(const IndexView& index, const Series& series, Repeat repeat) {
  table_.assign(kTableSize, kMissing);
  const bool is_mean = repeat.kind == Repeat::Kind::mean;
  for_each_row(index, [&](std::size_t row, std::size_t slot) {
    table_[slot] =
        static_cast<float>(is_mean ? series.mean(row) : series.value(row, repeat.number));
  });
}

void Objective::take_all(const IndexView& index, const Series& series) {
  table_.assign(find_starts(index, series), kMissing);
  for_each_row(index, [&](std::size_t row, std::size_t slot) {
    const std::uint32_t runs = series.count(row);
    for (std::uint32_t repeat = 0; repeat < runs; ++repeat) {
      table_[values_of(slot).start + repeat] = static_cast<float>(series.column(repeat)[row]);
    }
  });
}

std::size_t Objective::find_starts(const IndexView& index, const Series& series) {
  std::vector<std::uint16_t> counts(kTableSize, 1);
  for_each_row(index, [&](std::size_t row, std::size_t slot) {
    // A file that was not verified may hold a cell twice.
    counts[slot] = std::max(counts[slot], static_cast<std::uint16_t>(series.count(row)));
  });
  const auto total = std::reduce(counts.begin(), counts.end(), std::uint64_t{0});
  if (total > std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error(
        sentence("the index has ", total,
                 " runs at this budget; repeat=\"random\" chooses among fewer than "
                 "4,294,967,296"));
  }
  if (std::adjacent_find(counts.begin() + 1, counts.end(), std::not_equal_to<>()) == counts.end()) {
    even_count_ = counts.back();
    return kTableSize * even_count_;
  }
  starts_.assign(kTableSize + 1, 0);
  std::inclusive_scan(counts.begin(), counts.end(), starts_.begin() + 1, std::plus<>(),
                      std::uint32_t{0});
  return starts_.back();
}

float Objective::drawn(std::int32_t cell_id, std::uint64_t stream,
                       std::uint64_t query) const noexcept {
  const auto [start, count] = values_of(slot(cell_id));
  // Multiplying 32 random bits by the count and dropping 32 bits gives a number below the count.
  const std::uint64_t word = random_word(stream + query, 0) >> 32;
  return table_[start + (word * count >> 32)];
}

void Objective::operator()(std::span<const Code> codes, float* out, int threads) const {
  const SearchSpace& space = SearchSpace::instance();
  const std::uint64_t drawn_before =
      is_random_ ? num_drawn_.fetch_add(codes.size(), std::memory_order_relaxed) : 0;
  parallel_for(codes.size(), threads, [&](std::size_t begin, std::size_t end) {
    const std::span part = codes.subspan(begin, end - begin);
    float* const to = out + begin;
    if (is_random_) {
      const std::uint64_t query = drawn_before + begin;
      space.for_each_id(part, [=, this, stream = stream()](std::size_t i, std::int32_t id) {
        to[i] = drawn(id, stream, query + i);
      });
    } else {
      const float* const table = table_.data();
      space.for_each_id(part, [=](std::size_t i, std::int32_t id) { to[i] = table[slot(id)]; });
    }
  });
}

void Objective::by_id(std::span<const std::int32_t> ids, float* out, int threads) const {
  const std::uint64_t drawn_before =
      is_random_ ? num_drawn_.fetch_add(ids.size(), std::memory_order_relaxed) : 0;
  parallel_for(ids.size(), threads, [&](std::size_t begin, std::size_t end) {
    if (is_random_) {
      const std::uint64_t stream = this->stream();
      for (std::size_t i = begin; i < end; ++i)
        out[i] = drawn(still_cell(ids[i]), stream, drawn_before + i);
    } else {
      const float* const table = table_.data();
      for (std::size_t i = begin; i < end; ++i) out[i] = table[slot(still_cell(ids[i]))];
    }
  });
}

}  // namespace nb101
