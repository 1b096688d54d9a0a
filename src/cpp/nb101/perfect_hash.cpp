#include "nb101/perfect_hash.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "nb101/sentence.hpp"

namespace nb101 {
namespace {

constexpr std::size_t kKeysPerBucket = 4;  // on average
constexpr std::size_t kSparePercent = 3;   // empty slots, which shorten the search for last pilots
constexpr std::uint32_t kMaxPilot = std::numeric_limits<std::uint16_t>::max();

// The keys grouped by bucket. Those of bucket b are order[start[b]] .. order[start[b + 1] - 1].
struct Buckets {
  std::vector<std::uint32_t> order;
  std::vector<std::uint32_t> start;
  std::vector<std::uint32_t> largest_first;

  std::uint32_t size(std::uint32_t bucket) const { return start[bucket + 1] - start[bucket]; }
};

Buckets group(std::span<const Digest> keys, const PerfectHash& shape, std::size_t count) {
  Buckets buckets;
  buckets.start.assign(count + 1, 0);
  for (const Digest& key : keys) ++buckets.start[shape.bucket(key) + 1];
  std::partial_sum(buckets.start.begin(), buckets.start.end(), buckets.start.begin());
  std::vector<std::uint32_t> next(buckets.start.begin(), buckets.start.end() - 1);
  buckets.order.resize(keys.size());
  for (std::uint32_t i = 0; i < keys.size(); ++i) buckets.order[next[shape.bucket(keys[i])]++] = i;
  buckets.largest_first.resize(count);
  std::iota(buckets.largest_first.begin(), buckets.largest_first.end(), 0);
  std::ranges::stable_sort(buckets.largest_first, std::greater{},
                           [&](std::uint32_t b) { return buckets.size(b); });
  return buckets;
}

// Places all keys of a bucket with a pilot and returns true if their slots are empty. Otherwise
// places none of them and returns false.
bool try_pilot(std::span<const Digest> keys, std::span<const std::uint32_t> members,
               std::uint16_t pilot, std::vector<std::int32_t>& rows) {
  std::size_t placed = 0;
  for (; placed < members.size(); ++placed) {
    std::int32_t& row = rows[PerfectHash::slot_of(keys[members[placed]], pilot, rows.size())];
    if (row != kEmptySlot) break;
    row = static_cast<std::int32_t>(members[placed]);
  }
  if (placed == members.size()) return true;
  while (placed-- > 0) {
    rows[PerfectHash::slot_of(keys[members[placed]], pilot, rows.size())] = kEmptySlot;
  }
  return false;
}

void prefetch(const void* address) noexcept {
#if defined(__GNUC__)
  __builtin_prefetch(address);
#else
  (void)address;
#endif
}

}  // namespace

// A key needs three loads, each of which depends on the one before. They are started for a whole
// group of keys before any of them is used.
void find_rows(const PerfectHash& function, std::span<const Digest> stored,
               std::span<const Digest> keys, std::int32_t* rows) noexcept {
  constexpr std::size_t kGroup = 32;
  if (function.empty()) {
    std::fill_n(rows, keys.size(), kEmptySlot);
    return;
  }
  std::array<std::size_t, kGroup> place;
  for (std::size_t first = 0; first < keys.size(); first += kGroup) {
    const std::size_t count = std::min(kGroup, keys.size() - first);
    const Digest* const group = keys.data() + first;
    for (std::size_t i = 0; i < count; ++i) {
      place[i] = function.bucket(group[i]);
      prefetch(function.pilot_address(place[i]));
    }
    for (std::size_t i = 0; i < count; ++i) {
      place[i] = function.slot(group[i], place[i]);
      prefetch(function.row_address(place[i]));
    }
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = static_cast<std::size_t>(*function.row_address(place[i]));
      // An empty slot holds -1, which is a huge size_t.
      place[i] = row < stored.size() ? row : stored.size();
      prefetch(stored.data() + place[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const bool known = place[i] < stored.size() && stored[place[i]] == group[i];
      rows[first + i] = known ? static_cast<std::int32_t>(place[i]) : kEmptySlot;
    }
  }
}

PerfectHashTables build_perfect_hash(std::span<const Digest> keys) {
  PerfectHashTables tables;
  tables.pilots.assign(keys.size() / kKeysPerBucket + 1, 0);
  tables.rows.assign(keys.size() + keys.size() * kSparePercent / 100 + 1, kEmptySlot);
  const PerfectHash shape(tables.pilots, tables.rows);
  const Buckets buckets = group(keys, shape, tables.pilots.size());
  for (const std::uint32_t bucket : buckets.largest_first) {
    const std::span members(buckets.order.data() + buckets.start[bucket], buckets.size(bucket));
    std::uint32_t pilot = 0;
    while (!try_pilot(keys, members, static_cast<std::uint16_t>(pilot), tables.rows)) {
      if (++pilot > kMaxPilot) {
        throw std::invalid_argument(sentence("no perfect hash exists: module hash ",
                                             to_hex(keys[members[0]]),
                                             " or another one of its bucket is there twice"));
      }
    }
    tables.pilots[bucket] = static_cast<std::uint16_t>(pilot);
  }
  return tables;
}

}  // namespace nb101
