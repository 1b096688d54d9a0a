#include <doctest.h>

#include <stdexcept>
#include <string>

#include "nb101/perfect_hash.hpp"
#include "plain_md5.hpp"

namespace nb101 {
namespace {

std::vector<Digest> sample_keys(std::size_t count) {
  std::vector<Digest> keys;
  for (std::size_t i = 0; i < count; ++i) keys.push_back(plain_md5(std::to_string(i)));
  return keys;
}

}  // namespace

TEST_CASE("each key is mapped to its own row") {
  for (const std::size_t count : {1, 2, 3, 4, 5, 17, 1000, 30'000}) {
    const std::vector<Digest> keys = sample_keys(count);
    const PerfectHashTables tables = build_perfect_hash(keys);
    const PerfectHash function(tables.pilots, tables.rows);
    for (std::size_t i = 0; i < count; ++i) {
      REQUIRE(function.row(keys[i]) == static_cast<std::int32_t>(i));
    }
    std::vector<bool> used(count);
    for (const std::int32_t row : tables.rows) {
      if (row == kEmptySlot) continue;
      REQUIRE_FALSE(used.at(static_cast<std::size_t>(row)));
      used[static_cast<std::size_t>(row)] = true;
    }
  }
}

TEST_CASE("keys that are not in the tables give places inside them") {
  const std::vector<Digest> keys = sample_keys(100);
  const PerfectHashTables tables = build_perfect_hash(keys);
  const PerfectHash function(tables.pilots, tables.rows);
  const auto check = [&](const Digest& key) {
    REQUIRE(function.bucket(key) < tables.pilots.size());
    REQUIRE(function.slot(key, function.bucket(key)) < tables.rows.size());
    REQUIRE(function.row(key) >= kEmptySlot);
    REQUIRE(function.row(key) < 100);
  };
  Digest ends{};
  check(ends);
  ends.fill(0xff);
  check(ends);
  for (const Digest& key : keys) {
    for (int bit = 0; bit < 128; ++bit) {
      Digest near = key;
      near[static_cast<std::size_t>(bit / 8)] ^= static_cast<std::uint8_t>(1 << bit % 8);
      check(near);
    }
  }
}

TEST_CASE("the same keys give the same tables") {
  const PerfectHashTables one = build_perfect_hash(sample_keys(500));
  const PerfectHashTables other = build_perfect_hash(sample_keys(500));
  CHECK(one.pilots == other.pilots);
  CHECK(one.rows == other.rows);
}

TEST_CASE("a perfect hash may have no keys") {
  CHECK(PerfectHash().empty());
  const PerfectHashTables tables = build_perfect_hash({});
  const PerfectHash function(tables.pilots, tables.rows);
  CHECK(function.row(Digest{}) == kEmptySlot);
}

TEST_CASE("a key that occurs twice is refused") {
  std::vector<Digest> keys = sample_keys(10);
  keys.push_back(keys[3]);
  CHECK_THROWS_AS(build_perfect_hash(keys), std::invalid_argument);
}

}  // namespace nb101
