#include "nb101/perfect_hash.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>

namespace nb101 {
namespace {

constexpr std::size_t kKeysPerBucket = 4;  // average
constexpr std::size_t kSparePercent = 3;   // slots left empty: shortens the last searches
constexpr std::uint32_t kMaxPilot = std::numeric_limits<std::uint16_t>::max();

// Keys grouped by bucket: bucket b's are order[start[b]] .. order[start[b + 1] - 1].
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

// Places the bucket's keys with one pilot, all in empty slots, or none of them.
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

}  // namespace

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
        throw std::invalid_argument("no perfect hash: module hash " + to_hex(keys[members[0]]) +
                                    " or another of its bucket stands there twice");
      }
    }
    tables.pilots[bucket] = static_cast<std::uint16_t>(pilot);
  }
  return tables;
}

}  // namespace nb101
