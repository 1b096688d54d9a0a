#include <doctest.h>

#include <vector>

#include "nb101/crc32c.hpp"
#include "random_cells.hpp"
#include "simd_levels.hpp"

namespace nb101 {
namespace {

std::uint32_t plain_crc32c(Bytes bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

}  // namespace

TEST_CASE("the checksums equal those of RFC 3720") {
  at_every_simd_level([] {
    CHECK(crc32c(as_bytes("123456789")) == 0xe3069283);
    CHECK(crc32c(std::vector<std::uint8_t>(32, 0)) == 0x8a9136aa);
    CHECK(crc32c(std::vector<std::uint8_t>(32, 0xff)) == 0x62a8ab43);
    CHECK(crc32c({}) == 0);
  });
}

TEST_CASE("a checksum is right for any length and address, in one piece or in two") {
  RandomCells random(12);
  std::vector<std::uint8_t> buffer(320);
  for (std::uint8_t& byte : buffer) byte = static_cast<std::uint8_t>(random.below(256));
  at_every_simd_level([&] {
    for (std::size_t length = 0; length <= 300; ++length) {
      const Bytes bytes = Bytes(buffer).subspan(length % 9, length);
      const std::uint32_t expected = plain_crc32c(bytes);
      REQUIRE(crc32c(bytes) == expected);
      const std::size_t cut = length / 3;
      REQUIRE(crc32c(bytes.subspan(cut), crc32c(bytes.first(cut))) == expected);
    }
  });
}

}  // namespace nb101
