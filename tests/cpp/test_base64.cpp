#include <doctest.h>

#include "nb101/base64.hpp"
#include "nb101/error.hpp"
#include "sample_records.hpp"
#include "simd_levels.hpp"

namespace nb101 {
namespace {

std::string decoded(std::string_view text) {
  std::string bytes = "what was there before";
  decode_base64(text, kPlace, bytes);
  return bytes;
}

std::string encoded(std::string_view bytes) {
  std::string text;
  append_base64(text, bytes, "\n");
  return text;
}

void check_refused_base64(std::string_view text, const std::string& what) {
  const std::string message = "a.tfrecord: byte 100: record 3: " + what;
  CHECK_THROWS_WITH_AS(decoded(text), message.c_str(), FormatError);
}

}  // namespace

TEST_CASE("the examples of RFC 4648 are encoded and decoded") {
  const std::pair<std::string_view, std::string_view> examples[] = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    CHECK(encoded(bytes) == std::string(text) + (text.empty() ? "" : "\n"));
    CHECK(decoded(text) == bytes);
  }
}

TEST_CASE("any bytes are decoded to what was encoded") {
  for (std::size_t size = 0; size < 300; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(7 * i + size));
    at_every_simd_level([&] { CHECK(decoded(encoded(bytes)) == bytes); });
  }
}

TEST_CASE("every character at every place of a block is decoded or refused, as one by one") {
  const std::string digits = encoded(std::string(57, '\x5a')).substr(0, 72);
  for (std::size_t place = 0; place < digits.size(); ++place) {
    for (int c = 0; c < 256; ++c) {
      if (c == '\n' || c == '=') continue;
      std::string text = digits;
      text[place] = static_cast<char>(c);
      const auto outcome = [&] {
        try {
          return decoded(text);
        } catch (const FormatError& error) {
          return std::string(error.what());
        }
      };
      force_simd(Simd::portable);
      const std::string expected = outcome();
      at_every_simd_level([&] { REQUIRE(outcome() == expected); });
    }
  }
  force_simd(best_simd());
}

TEST_CASE("a line has 76 characters, and line ends may stand anywhere") {
  const std::string text = encoded(std::string(58, 'x'));
  CHECK(text.find('\n') == 76);
  CHECK(text.size() == 76 + 1 + 4 + 1);
  CHECK(decoded("Z\nm9\n\nv\n") == "foo");
}

TEST_CASE("text that is not base64 is refused") {
  check_refused_base64("Zm9", "its base64 is cut short");
  check_refused_base64("Zm9-", "its base64 has the byte 45, which is not allowed there");
  check_refused_base64("Z=9v", "its base64 has the byte 57, which is not allowed there");
  check_refused_base64("Z===", "its base64 has too much padding");
  check_refused_base64("Zg==Zg==", "its base64 goes on after its padding");
}

}  // namespace nb101
