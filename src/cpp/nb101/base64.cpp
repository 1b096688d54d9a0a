#include "nb101/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace nb101 {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kLineLength = 76;

constexpr std::array<std::int8_t, 256> digit_values() noexcept {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<std::uint8_t>(kDigits[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}

// Returns the 24 bits of four digits, or a negative number if a character is not a digit.
std::int32_t decode_quad(const char* digits) noexcept {
  static constexpr auto kValues = digit_values();
  const auto value = [&](int i) {
    return std::int32_t{kValues[static_cast<std::uint8_t>(digits[i])]};
  };
  const std::int32_t negative = value(0) | value(1) | value(2) | value(3);
  if (negative < 0) return negative;
  return value(0) << 18 | value(1) << 12 | value(2) << 6 | value(3);
}

// Four digits that line ends may separate. Padding characters are stored as the digit zero.
struct PaddedQuad {
  std::array<char, 4> digits{};
  std::size_t padding = 0;
};

PaddedQuad gather_quad(std::string_view text, std::size_t& at, const RecordPlace& place) {
  PaddedQuad quad;
  for (std::size_t i = 0; i < quad.digits.size(); ++at) {
    if (at == text.size()) place.fail("its base64 is cut short");
    const char c = text[at];
    if (c == '\n') continue;
    quad.padding += c == '=';
    if (c != '=' && (quad.padding || kDigits.find(c) == kDigits.npos)) {
      place.fail("its base64 has the character " + std::to_string(static_cast<unsigned char>(c)) +
                 ", which is not allowed there");
    }
    quad.digits[i++] = c == '=' ? kDigits[0] : c;
  }
  if (quad.padding > 2) place.fail("its base64 has too much padding");
  return quad;
}

char* store_triple(char* to, std::int32_t bits) noexcept {
  to[0] = static_cast<char>(bits >> 16);
  to[1] = static_cast<char>(bits >> 8);
  to[2] = static_cast<char>(bits);
  return to + 3;
}

}  // namespace

void decode_base64(std::string_view text, const RecordPlace& place, std::string& bytes) {
  bytes.resize((text.size() / 4 + 1) * 3);
  char* to = bytes.data();
  std::size_t padding = 0;
  for (std::size_t at = 0; at < text.size();) {
    const bool is_whole = at + 4 <= text.size() && padding == 0;
    const std::int32_t bits = is_whole ? decode_quad(text.data() + at) : -1;
    if (bits >= 0) {
      to = store_triple(to, bits);
      at += 4;
    } else if (text[at] == '\n') {
      ++at;
    } else {
      if (padding) place.fail("its base64 goes on after its padding");
      const PaddedQuad quad = gather_quad(text, at, place);
      padding = quad.padding;
      to = store_triple(to, decode_quad(quad.digits.data())) - padding;
    }
  }
  bytes.resize(static_cast<std::size_t>(to - bytes.data()));
}

void append_base64(std::string& out, std::string_view bytes, std::string_view line_end) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (j < count ? static_cast<std::uint8_t>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out.push_back(j <= count ? kDigits[bits >> (18 - 6 * j) & 63] : '=');
    }
    column += 4;
    if (column == kLineLength || i + 3 >= bytes.size()) {
      out += line_end;
      column = 0;
    }
  }
}

}  // namespace nb101
