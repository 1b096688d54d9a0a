#include <doctest.h>

#include <array>
#include <cmath>

#include "nb101/alias_table.hpp"
#include "nb101/random.hpp"

namespace nb101 {

TEST_CASE("words are those of SplitMix64, in any order") {
  CHECK(random_word(1234567, 0) == 6457827717110365317u);
  CHECK(random_word(1234567, 1) == 3203168211198807973u);
  CHECK(random_word(1234567, 4) == 16408922859458223821u);
}

TEST_CASE("words of different items and attempts have different places") {
  CHECK(random_place(5, 0) == 5);
  CHECK(random_place(5, 3) == (std::uint64_t{3} << 40) + 5);
}

TEST_CASE("draws read a word digit by digit, in any base") {
  Draws draws(std::uint64_t{0xabcdef12} << 32 | 0x3456789a);
  for (const std::uint32_t digit : {0xau, 0xbu, 0xcu, 0xdu, 0xeu, 0xfu, 1u, 2u, 3u}) {
    CHECK(draws.below(16) == digit);
  }
  // Two draws equal one draw below the product of their bounds.
  for (std::uint64_t place = 0; place < 1000; ++place) {
    const std::uint64_t word = random_word(7, place);
    Draws two(word);
    const std::uint32_t first = two.below(1'538'083);
    const std::uint32_t both = first * 243 + two.below(243);
    REQUIRE(both == Draws(word).below(1'538'083 * 243));
  }
  CHECK(Draws(~std::uint64_t{0}).below(0xffffffff) == 0xfffffffe);
  CHECK(Draws(~std::uint64_t{0}).below(1) == 0);
  CHECK(Draws(0).below(9) == 0);
}

TEST_CASE("a stream draws from a word as long as 32 bits of it are left") {
  RandomStream stream(9);
  Draws first(random_word(9, 0));
  for (int i = 0; i < 4; ++i) CHECK(stream.below(256) == first.below(256));
  Draws second(random_word(9, 1));
  CHECK(stream.below(3) == second.below(3));
  CHECK(stream.below(1u << 30) == second.below(1u << 30));
  CHECK(stream.below(1u << 31) == Draws(random_word(9, 2)).below(1u << 31));
  CHECK(stream.word() == random_word(9, 3));
  const double fraction = stream.fraction();
  CHECK(fraction == static_cast<double>(random_word(9, 4) >> 11) / 9007199254740992.0);
}

TEST_CASE("an alias table gives each outcome its share of 2^32") {
  const std::array<double, 5> probabilities = {10 / 18.0, 1 / 18.0, 0, 4 / 18.0, 3 / 18.0};
  const AliasTable<3> table(probabilities);
  // A column has at most two outcomes, and bisection finds where the second begins. So this counts
  // all 2^32 words.
  std::array<std::uint64_t, 8> shares{};
  for (std::uint64_t column = 0; column < 8; ++column) {
    const std::uint64_t begin = column << 29;
    const std::uint64_t end = (column + 1) << 29;
    const auto outcome = [&](std::uint64_t at) { return table[static_cast<std::uint32_t>(at)]; };
    std::uint64_t low = begin;  // a word with the column's first outcome
    std::uint64_t high = end;
    while (high - low > 1) {
      const std::uint64_t middle = (low + high) / 2;
      (outcome(middle) == outcome(begin) ? low : high) = middle;
    }
    shares[outcome(begin)] += high - begin;
    if (high < end) shares[outcome(end - 1)] += end - high;
  }
  // Each share is rounded once. Outcome 0 is the most probable one and gets all rounding errors.
  for (std::size_t i = 0; i < 8; ++i) {
    const double expected = i < probabilities.size() ? probabilities[i] * 0x1p32 : 0;
    CHECK(std::abs(static_cast<double>(shares[i]) - expected) <= (i == 0 ? 2 : 0.5));
  }
}

}  // namespace nb101
