// Random numbers that depend only on a seed and a place. So the results are the same in batches of
// any size, with any number of threads and on every processor.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace nb101 {

// Returns output number `place` of the generator SplitMix64 (Steele, Lea and Flood, 2014) that
// starts at `seed`.
constexpr std::uint64_t random_word(std::uint64_t seed, std::uint64_t place) noexcept {
  std::uint64_t word = seed + (place + 1) * 0x9e3779b97f4a7c15;
  word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
  word = (word ^ word >> 27) * 0x94d049bb133111eb;
  return word ^ word >> 31;
}

// Returns the place of the word with this number for an item that is drawn again until it is
// accepted. The item is in the low 40 bits, so no two items share a place.
constexpr std::uint64_t random_place(std::uint64_t item, std::uint64_t word) noexcept {
  constexpr int kItemBits = 40;
  return word << kItemBits | item;
}

// Makes several draws from one random word. The word is read as a fraction of 1, rest_ / 2^64. A
// draw below n divides [0, 1) into n equal parts and returns the number of the part that holds the
// fraction. The position within that part is again a fraction, and the next draw uses it. The
// product of all n must be far less than 2^64, or the draws are not uniform.
class Draws {
 public:
  explicit constexpr Draws(std::uint64_t word) noexcept : rest_(word) {}

  constexpr std::uint32_t below(std::uint32_t n) noexcept {
    // The product rest_ * n has up to 96 bits. Its bits from 64 on are the part, and its lower 64
    // bits are the fraction that remains. The two halves of rest_ are multiplied one by one.
    const std::uint64_t low = (rest_ & 0xffffffff) * n;
    const std::uint64_t high = (rest_ >> 32) * n + (low >> 32);
    rest_ *= n;
    return static_cast<std::uint32_t>(high >> 32);
  }

 private:
  std::uint64_t rest_;
};

// A sequence of random words, for algorithms that draw step by step.
class RandomStream {
 public:
  explicit constexpr RandomStream(std::uint64_t seed) noexcept : seed_(seed) {}

  constexpr std::uint64_t word() noexcept { return random_word(seed_, place_++); }

  // Returns a number below n. One word serves several draws, as long as the product of their n is
  // at most 2^32. At least 32 bits of it are then left, so the bias of each draw is below n / 2^32.
  constexpr std::uint32_t below(std::uint32_t n) noexcept {
    used_ *= n;
    if (used_ > kMostUsed) {
      rest_ = Draws(word());
      used_ = n;
    }
    return rest_.below(n);
  }

  // Puts the elements into a random order, each with the same probability.
  template <class T>
  constexpr void shuffle(std::vector<T>& elements) noexcept {
    for (auto left = static_cast<std::uint32_t>(elements.size()); left > 1; --left) {
      std::swap(elements[left - 1], elements[below(left)]);
    }
  }

  // Returns a multiple of 2^-53 in [0, 1): a double holds the upper 53 bits of a word exactly.
  constexpr double fraction() noexcept { return static_cast<double>(word() >> 11) * 0x1p-53; }

 private:
  static constexpr std::uint64_t kMostUsed = std::uint64_t{1} << 32;

  std::uint64_t seed_;
  std::uint64_t place_ = 0;
  std::uint64_t used_ = kMostUsed;
  Draws rest_{0};
};

}  // namespace nb101
