// Random numbers that depend on a seed and a place alone: batches, threads and processors agree.
#pragma once

#include <cstdint>

namespace nb101 {

// Output number `place` of SplitMix64 (Steele, Lea and Flood, 2014) that starts at `seed`.
constexpr std::uint64_t random_word(std::uint64_t seed, std::uint64_t place) noexcept {
  std::uint64_t word = seed + (place + 1) * 0x9e3779b97f4a7c15;
  word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
  word = (word ^ word >> 27) * 0x94d049bb133111eb;
  return word ^ word >> 31;
}

// Where the words of an item lie that is drawn anew until it is accepted.
constexpr std::uint64_t random_place(std::uint64_t item, std::uint64_t word) noexcept {
  constexpr int kItemBits = 40;
  return word << kItemBits | item;
}

// A word as a fraction of 1, used up draw by draw: n equal parts, and the place within one is left
// for the next draw. The draws' n must multiply to far less than 2^64.
class Draws {
 public:
  explicit constexpr Draws(std::uint64_t word) noexcept : rest_(word) {}

  constexpr std::uint32_t below(std::uint32_t n) noexcept {
    const std::uint64_t low = (rest_ & 0xffffffff) * n;
    const std::uint64_t high = (rest_ >> 32) * n + (low >> 32);
    rest_ *= n;
    return static_cast<std::uint32_t>(high >> 32);
  }

 private:
  std::uint64_t rest_;
};

// Words one after another, for what is drawn step by step.
class RandomStream {
 public:
  explicit constexpr RandomStream(std::uint64_t seed) noexcept : seed_(seed) {}

  constexpr std::uint64_t word() noexcept { return random_word(seed_, place_++); }

  // A word serves several draws, until less than 32 bits of it would be left: the bias of each is
  // below n / 2^32.
  constexpr std::uint32_t below(std::uint32_t n) noexcept {
    used_ *= n;
    if (used_ > kMostUsed) {
      rest_ = Draws(word());
      used_ = n;
    }
    return rest_.below(n);
  }

  // A multiple of 2^-53 in [0, 1).
  constexpr double fraction() noexcept { return static_cast<double>(word() >> 11) * 0x1p-53; }

 private:
  static constexpr std::uint64_t kMostUsed = std::uint64_t{1} << 32;

  std::uint64_t seed_;
  std::uint64_t place_ = 0;
  std::uint64_t used_ = kMostUsed;
  Draws rest_{0};
};

}  // namespace nb101
