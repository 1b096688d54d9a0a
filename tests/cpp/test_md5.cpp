#include <doctest.h>

#include <string>
#include <utility>

#include "nb101/cell.hpp"
#include "nb101/md5.hpp"
#include "plain_md5.hpp"
#include "random_cells.hpp"
#include "simd_levels.hpp"

namespace nb101 {
namespace {

std::vector<Digest> md5(const std::vector<std::string>& texts) {
  std::vector<std::vector<std::uint8_t>> buffers;
  std::vector<Digest> digests(texts.size());
  std::vector<Md5Message> messages;
  for (const std::string& text : texts) {
    buffers.emplace_back(md5_padded_size(text.size()), std::uint8_t{0xee});
    std::copy(text.begin(), text.end(), buffers.back().begin());
    messages.push_back({buffers.back().data(), static_cast<std::uint32_t>(text.size()),
                        &digests[messages.size()]});
  }
  md5_many(messages);
  return digests;
}

const std::pair<const char*, const char*> kRfc1321[] = {
    {"", "d41d8cd98f00b204e9800998ecf8427e"},
    {"a", "0cc175b9c0f1b6a831c399e269772661"},
    {"abc", "900150983cd24fb0d6963f7d28e17f72"},
    {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
     "d174ab98d277d9f5a5611c2c9f419d9f"},
    {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
     "57edf4a22be3c955ac49da2e2107b67a"},
};

}  // namespace

TEST_CASE("the digests equal those of RFC 1321") {
  std::vector<std::string> texts;
  for (const auto& [text, hash] : kRfc1321) {
    CHECK(to_hex(plain_md5(text)) == hash);
    texts.emplace_back(text);
  }
  at_every_simd_level([&] {
    const std::vector<Digest> digests = md5(texts);
    for (std::size_t i = 0; i < texts.size(); ++i) CHECK(to_hex(digests[i]) == kRfc1321[i].second);
  });
}

TEST_CASE("messages of every length have the right digest, together and alone") {
  RandomCells random(7);
  std::vector<std::string> texts;
  std::vector<Digest> expected;
  for (std::size_t length = 0; length <= 300; ++length) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text.push_back(static_cast<char>(random.below(256)));
    expected.push_back(plain_md5(text));
    texts.push_back(std::move(text));
  }
  at_every_simd_level([&] {
    CHECK(md5(texts) == expected);
    for (std::size_t i = 0; i < texts.size(); ++i) REQUIRE(md5({texts[i]})[0] == expected[i]);
  });
}

TEST_CASE("a batch of any size has the right digests, with all lanes in use or not") {
  at_every_simd_level([&] {
    std::vector<std::string> texts;
    std::vector<Digest> expected;
    for (std::size_t count = 0; count <= 2 * kMostMd5Lanes + 1; ++count) {
      REQUIRE(md5(texts) == expected);
      texts.emplace_back(37 * count % 150, static_cast<char>('A' + count));
      expected.push_back(plain_md5(texts.back()));
    }
  });
}

TEST_CASE("a digest is read back from its hexadecimal text") {
  const Digest digest = plain_md5("abc");
  CHECK(digest_from_hex(to_hex(digest)) == digest);
  CHECK_FALSE(digest_from_hex("").has_value());
  CHECK_FALSE(digest_from_hex("900150983cd24fb0d6963f7d28e17f7").has_value());
  CHECK_FALSE(digest_from_hex("900150983cd24fb0d6963f7d28e17f720").has_value());
  CHECK_FALSE(digest_from_hex("900150983CD24FB0D6963F7D28E17F72").has_value());
  CHECK_FALSE(digest_from_hex("900150983cd24fb0d6963f7d28e17f7g").has_value());
}

}  // namespace nb101
