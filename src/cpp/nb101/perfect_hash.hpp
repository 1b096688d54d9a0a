// Perfect hashing of module hashes by pilots (PTHash; Pibiri and Trani, SIGIR 2021).
//
// The keys are MD5 digests, which are already uniform. A key's first word picks a bucket. Its
// second word and the pilot of the bucket pick a slot. A slot holds the row of at most one key.
// With the table of rows, the function is minimal: it maps the n keys onto 0..n-1 in the caller's
// order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nb101/bytes.hpp"
#include "nb101/digest.hpp"

namespace nb101 {

inline constexpr std::int32_t kEmptySlot = -1;

// A view of the tables, which may lie in memory or in a mapped file. It returns a row for every
// key, even for one that is not in the tables, so the caller must compare the stored hash of the
// row.
class PerfectHash {
 public:
  PerfectHash() = default;
  PerfectHash(std::span<const std::uint16_t> pilots, std::span<const std::int32_t> rows) noexcept
      : pilots_(pilots), rows_(rows) {}

  bool empty() const noexcept { return pilots_.empty() || rows_.empty(); }

  std::size_t bucket(const Digest& key) const noexcept {
    return scale(load<std::uint64_t>(key.data()), pilots_.size());
  }
  std::size_t slot(const Digest& key, std::size_t bucket) const noexcept {
    return slot_of(key, pilots_[bucket], rows_.size());
  }
  // Returns a row or kEmptySlot. The function must not be empty().
  std::int32_t row(const Digest& key) const noexcept { return rows_[slot(key, bucket(key))]; }

  const std::uint16_t* pilot_address(std::size_t bucket) const noexcept { return &pilots_[bucket]; }
  const std::int32_t* row_address(std::size_t slot) const noexcept { return &rows_[slot]; }

  static std::size_t slot_of(const Digest& key, std::uint16_t pilot, std::size_t slots) noexcept {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio, rounded down
    std::uint64_t word = load<std::uint64_t>(key.data() + 8) ^ (pilot * kOdd);
    word = (word ^ word >> 32) * kOdd;
    return scale(word, slots);
  }

 private:
  // Maps a uniform word to 0..size-1, where size < 2^32. Its upper half is a fraction of 2^32, and
  // the product is the same fraction of `size`.
  static std::size_t scale(std::uint64_t word, std::size_t size) noexcept {
    return static_cast<std::size_t>((word >> 32) * size >> 32);
  }

  std::span<const std::uint16_t> pilots_;
  std::span<const std::int32_t> rows_;
};

// Writes the row of each key, or kEmptySlot for a key that the function does not have. `stored`
// holds the keys of the function by row.
void find_rows(const PerfectHash& function, std::span<const Digest> stored,
               std::span<const Digest> keys, std::int32_t* rows) noexcept;

struct PerfectHashTables {
  std::vector<std::uint16_t> pilots;
  std::vector<std::int32_t> rows;
};

// Builds the tables. Keys must differ in their second eight bytes, as the MD5 digests of distinct
// cells do. Throws std::invalid_argument if there are no tables, which is so if two keys are equal.
PerfectHashTables build_perfect_hash(std::span<const Digest> keys);

}  // namespace nb101
