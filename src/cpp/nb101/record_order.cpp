#include "nb101/record_order.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>

#include "nb101/bytes.hpp"
#include "nb101/error.hpp"

namespace nb101 {

std::vector<std::uint32_t> rows_by_hash(const IndexView& index) {
  // Hashes are evenly spread, so their first bits divide them into buckets of a few rows each.
  // Sorting such a bucket is fast because it fits in the cache. The first four bytes stand beside
  // each row, so that hashes need to be read again only where these bytes are equal.
  struct Place {
    std::uint32_t bytes;
    std::uint32_t row;
  };
  const std::span<const Digest> hashes = index.hashes();
  const int bucket_bits = std::min(16, 1 + static_cast<int>(std::bit_width(hashes.size() / 4)));
  const auto first_bytes = [](const Digest& hash) {
    return static_cast<std::uint32_t>(swap_bytes(load<std::uint64_t>(hash.data())) >> 32);
  };
  // Counting sort by bucket: `ends` holds first the sizes, then the starts, and at last the ends.
  const std::size_t buckets = std::size_t{1} << bucket_bits;
  std::vector<std::uint32_t> ends(buckets + 1);
  for (const Digest& hash : hashes) ++ends[(first_bytes(hash) >> (32 - bucket_bits)) + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<Place> places(hashes.size());
  for (std::size_t row = 0; row < hashes.size(); ++row) {
    const std::uint32_t bytes = first_bytes(hashes[row]);
    places[ends[bytes >> (32 - bucket_bits)]++] = {bytes, static_cast<std::uint32_t>(row)};
  }
  std::uint32_t start = 0;
  for (std::size_t i = 0; i < buckets; start = ends[i++]) {
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
