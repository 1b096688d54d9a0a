// Perfect hashing of module hashes (the pilots of PTHash, Pibiri and Trani, SIGIR 2021).
//
// The keys are MD5 digests, uniform already: a key's first word picks a bucket, its second word
// and the bucket's pilot pick a slot, and a slot holds at most one key's row. With the table of
// rows the function is minimal: a bijection of the keys onto 0..n-1, in the caller's order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nb101/bytes.hpp"
#include "nb101/digest.hpp"

namespace nb101 {

inline constexpr std::int32_t kEmptySlot = -1;

// A view: the same code serves built and mapped tables. Every key gets an answer, a foreign one
// too: compare the stored hash of the row.
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
  // A row or kEmptySlot; not empty().
  std::int32_t row(const Digest& key) const noexcept { return rows_[slot(key, bucket(key))]; }

  const std::uint16_t* pilot_address(std::size_t bucket) const noexcept { return &pilots_[bucket]; }
  const std::int32_t* row_address(std::size_t slot) const noexcept { return &rows_[slot]; }

  static std::size_t slot_of(const Digest& key, std::uint16_t pilot, std::size_t slots) noexcept {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio
    std::uint64_t word = load<std::uint64_t>(key.data() + 8) ^ (pilot * kOdd);
    word = (word ^ word >> 32) * kOdd;
    return scale(word, slots);
  }

 private:
  // Uniform 64-bit words to 0..size-1 (size < 2^32) by their upper half.
  static std::size_t scale(std::uint64_t word, std::size_t size) noexcept {
    return static_cast<std::size_t>((word >> 32) * size >> 32);
  }

  std::span<const std::uint16_t> pilots_;
  std::span<const std::int32_t> rows_;
};

struct PerfectHashTables {
  std::vector<std::uint16_t> pilots;
  std::vector<std::int32_t> rows;
};

// Keys must differ in their second eight bytes (MD5 digests of distinct cells do); throws
// std::invalid_argument where no tables can be found, as for two equal keys.
PerfectHashTables build_perfect_hash(std::span<const Digest> keys);

}  // namespace nb101
