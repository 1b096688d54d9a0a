#include "nb101/objective.hpp"

#include <algorithm>
#include <limits>

#include "nb101/random.hpp"
#include "nb101/stop.hpp"

namespace nb101 {
namespace {

constexpr std::size_t kTableSize = static_cast<std::size_t>(kNumCells) + 1;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// A file that was not verified may hold an id that would lie outside the table.
bool is_cell(std::int32_t id) noexcept { return id >= 0 && id < kNumCells; }

// Returns an id that was checked. Another thread may have changed it since, so the result is
// kNoCell or a cell id in any case.
std::int32_t still_cell(std::int32_t id) noexcept {
  const std::uint32_t slot = static_cast<std::uint32_t>(id) + 1;
  return static_cast<std::int32_t>(std::min<std::uint32_t>(slot, kNumCells)) - 1;
}

}  // namespace

Objective::Objective(const IndexView& index, Metric metric, Stage stage, std::size_t budget,
                     Repeat repeat)
    : is_random_(repeat.kind == Repeat::Kind::random), seed_(random_word(repeat.seed, 0)) {
  const std::size_t repeats = is_random_ ? index.budgets()[budget].repeats : 1;
  table_.assign(repeats * kTableSize, kNan);
  if (is_random_) run_counts_.assign(kTableSize, 1);
  for (std::size_t row = 0; row < index.num_rows(); ++row) {
    check_stop();
    if (!is_cell(index.cell_id(row))) continue;
    const std::size_t at = slot(index.cell_id(row));
    const std::uint32_t runs = index.run_count(row, budget);
    switch (repeat.kind) {
      case Repeat::Kind::mean:
        table_[at] = static_cast<float>(index.mean(metric, stage, budget, row));
        break;
      case Repeat::Kind::one:
        if (repeat.number >= runs) break;
        table_[at] = static_cast<float>(index.column(metric, stage, budget, repeat.number)[row]);
        break;
      case Repeat::Kind::random:
        if (runs) run_counts_[at] = static_cast<std::uint16_t>(runs);
        for (std::uint32_t r = 0; r < runs; ++r) {
          table_[r * kTableSize + at] =
              static_cast<float>(index.column(metric, stage, budget, r)[row]);
        }
    }
  }
}

float Objective::drawn(std::int32_t cell_id, std::uint64_t stream,
                       std::uint64_t query) const noexcept {
  // Multiplying 32 random bits by the count and dropping 32 bits gives a number below the count.
  const std::uint64_t word = random_word(stream + query, 0) >> 32;
  const std::size_t repeat = static_cast<std::size_t>(word * run_counts_[slot(cell_id)] >> 32);
  return table_[repeat * kTableSize + slot(cell_id)];
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
