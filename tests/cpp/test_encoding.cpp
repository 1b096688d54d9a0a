#include <doctest.h>

#include <bit>
#include <vector>

#include "nb101/encoding.hpp"
#include "random_cells.hpp"
#include "simd_levels.hpp"

namespace nb101 {
namespace {

constexpr std::array kOfBytes = {Encoding::a, Encoding::b, Encoding::one_hot, Encoding::path};

std::vector<Code> codes_for(Encoding encoding, std::size_t count) {
  RandomCells random(31);
  std::vector<Code> codes;
  while (codes.size() < count) {
    const Code code = random.code();
    const int edges = std::popcount(code & kMatrixMask);
    const auto [least, most] = edge_limits(encoding);
    if (edges >= least && edges <= most) codes.push_back(code);
  }
  return codes;
}

std::vector<std::uint8_t> encoded(Encoding encoding, std::span<const Code> codes) {
  const std::size_t size = codes.size() * num_columns(encoding);
  std::vector<std::uint8_t> rows(size + 1, 0xee);
  encode_bytes(encoding, codes, rows.data());
  CHECK(rows.back() == 0xee);
  rows.pop_back();
  return rows;
}

}  // namespace

TEST_CASE("any number of codes is encoded, and nothing is written after the rows") {
  for (const Encoding encoding : kOfBytes) {
    const std::vector<Code> codes = codes_for(encoding, 300);
    const std::vector<std::uint8_t> all = encoded(encoding, codes);
    for (const std::size_t size : {0, 1, 2, 127, 128, 129, 299}) {
      at_every_simd_level([&] {
        const std::vector<std::uint8_t> rows = encoded(encoding, std::span(codes).first(size));
        CHECK(std::equal(rows.begin(), rows.end(), all.begin()));
      });
    }
  }
}

TEST_CASE("a code that another thread changed after its check writes nothing behind the rows") {
  for (const Code code : {Code{0}, kMatrixMask, ~Code{0}, kUnusedCodeBit, label_bits(3, 5)}) {
    const std::vector<Code> codes(65, code);
    at_every_simd_level([&] {
      for (const Encoding encoding : kOfBytes) encoded(encoding, codes);
    });
    std::vector<float> rows(codes.size() * num_columns(Encoding::c) + 1, -1.0f);
    encode_c(codes, rows.data());
    CHECK(rows.back() == -1.0f);
  }
}

TEST_CASE("rows decode to their codes") {
  for (const Encoding encoding : {Encoding::a, Encoding::b, Encoding::one_hot}) {
    const std::vector<Code> codes = codes_for(encoding, 1000);
    const std::vector<std::uint8_t> rows = encoded(encoding, codes);
    std::vector<Code> decoded(codes.size());
    CHECK(decode_bytes(encoding, rows.data(), decoded) == codes.size());
    CHECK(decoded == codes);
  }
  const std::vector<Code> codes = codes_for(Encoding::c, 1000);
  std::vector<float> floats(codes.size() * num_columns(Encoding::c));
  encode_c(codes, floats.data());
  const std::vector<double> rows(floats.begin(), floats.end());
  std::vector<Code> decoded(codes.size());
  CHECK(decode_c(rows.data(), decoded) == codes.size());
  CHECK(decoded == codes);
}

TEST_CASE("a row with a byte that is not allowed is found") {
  for (const Encoding encoding : {Encoding::a, Encoding::b, Encoding::one_hot}) {
    const std::size_t columns = num_columns(encoding);
    const std::vector<Code> codes = codes_for(encoding, 5);
    std::vector<std::uint8_t> rows = encoded(encoding, codes);
    std::vector<Code> decoded(codes.size());
    for (std::size_t column = 0; column < columns; ++column) {
      const std::uint8_t before = rows[3 * columns + column];
      for (const int value : {21, 128, 255}) {
        rows[3 * columns + column] = static_cast<std::uint8_t>(value);
        REQUIRE(decode_bytes(encoding, rows.data(), decoded) == 3);
      }
      rows[3 * columns + column] = before;
    }
    CHECK(decode_bytes(encoding, rows.data(), decoded) == 5);
  }
}

TEST_CASE("codes with too many or too few edges for B and C are found") {
  std::vector<Code> codes(1000, 1);
  for (const Encoding encoding : {Encoding::b, Encoding::c}) {
    CHECK(first_unfit(encoding, codes) == 1000);
    codes[700] = 0x3ff;
    CHECK(first_unfit(encoding, codes) == 700);
    codes[700] = 0;
    CHECK(first_unfit(encoding, codes) == (encoding == Encoding::b ? 700 : 1000));
    codes[700] = 1;
  }
  codes[3] = kMatrixMask;
  CHECK(first_unfit(Encoding::a, codes) == 1000);
}

TEST_CASE("the full matrix has a path for each of the 32 sets of interior vertices") {
  const Code full = kMatrixMask | label_bits(1, 2);  // the labels are 0, 1, 0, 0, 0
  const std::vector<std::uint8_t> row = encoded(Encoding::path, {&full, 1});
  CHECK(row[0] == 1);      // input to output
  CHECK(row[1] == 1);      // one convolution 3x3
  CHECK(row[2] == 1);      // the one 1x1
  CHECK(row[3] == 0);      // no max-pool
  CHECK(row[1 + 6] == 1);  // 3x3, 1x1
  CHECK(row[2 + 3] == 1);  // 1x1, 3x3
  CHECK(row[2 + 6] == 0);
}

}  // namespace nb101
