#include "nb101/record_order.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "nb101/error.hpp"

namespace nb101 {

std::vector<std::uint32_t> rows_by_hash(const IndexView& index) {
  // Hashes are evenly spread, so their first two bytes divide them into buckets of a few rows each.
  // Sorting such a bucket is fast because it fits in the cache. The next four bytes stand beside
  // each row, so that hashes need to be read again only where these bytes are equal.
  constexpr std::size_t kBuckets = 1 << 16;
  struct Place {
    std::uint32_t bytes;
    std::uint32_t row;
  };
  const std::span<const Digest> hashes = index.hashes();
  const auto bucket = [](const Digest& hash) {
    return static_cast<std::size_t>(hash[0]) << 8 | hash[1];
  };
  // Counting sort by bucket: `ends` holds first the sizes, then the starts, and at last the ends.
  std::vector<std::uint32_t> ends(kBuckets + 1);
  for (const Digest& hash : hashes) ++ends[bucket(hash) + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<Place> places(hashes.size());
  for (std::size_t row = 0; row < hashes.size(); ++row) {
    const Digest& hash = hashes[row];
    const std::uint32_t bytes = std::uint32_t{hash[2]} << 24 | std::uint32_t{hash[3]} << 16 |
                                std::uint32_t{hash[4]} << 8 | hash[5];
    places[ends[bucket(hash)]++] = {bytes, static_cast<std::uint32_t>(row)};
  }
  std::uint32_t start = 0;
  for (std::size_t i = 0; i < kBuckets; start = ends[i++]) {
    std::sort(places.begin() + start, places.begin() + ends[i],
              [&](const Place& a, const Place& b) {
                return a.bytes != b.bytes ? a.bytes < b.bytes : hashes[a.row] < hashes[b.row];
              });
  }
  std::vector<std::uint32_t> rows(hashes.size());
  std::ranges::transform(places, rows.begin(), &Place::row);
  return rows;
}

RecordOrder::RecordOrder(const IndexView& index) : index_(index) {
  if (index.order().empty()) {
    rows_by_hash_ = rows_by_hash(index);
  } else {
    repeats_.assign(index.num_rows() * index.budgets().size(), 0);
  }
}

std::optional<RunPlace> RecordOrder::next() {
  if (!rows_by_hash_.empty()) return next_official();
  if (position_ == index_.order().size()) return std::nullopt;
  const std::uint32_t record = index_.order()[position_++];
  const auto budgets = static_cast<std::uint32_t>(index_.budgets().size());
  const std::uint32_t row = record / budgets;
  const std::uint32_t budget = record % budgets;
  if (row >= index_.num_rows() || repeats_[record] >= index_.run_count(row, budget)) {
    throw FormatError(index_.source(), 0, "section order: it names a run that isn't there");
  }
  return RunPlace{row, budget, repeats_[record]++};
}

std::optional<RunPlace> RecordOrder::next_official() {
  for (; position_ < rows_by_hash_.size(); ++position_, budget_ = 0) {
    const std::uint32_t row = rows_by_hash_[position_];
    for (; budget_ < index_.budgets().size(); ++budget_, repeat_ = 0) {
      if (repeat_ < index_.run_count(row, budget_)) return RunPlace{row, budget_, repeat_++};
    }
  }
  return std::nullopt;
}

}  // namespace nb101
