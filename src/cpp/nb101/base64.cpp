#include "nb101/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "nb101/simd.hpp"

#if NB101_X86_DISPATCH
#include <immintrin.h>
#endif

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
      place.fail("its base64 has the byte ", static_cast<unsigned char>(c),
                 ", which is not allowed there");
    }
    quad.digits[i++] = c == '=' ? kDigits[0] : c;
  }
  if (quad.padding > 2) place.fail("its base64 has too much padding");
  return quad;
}

#if NB101_X86_DISPATCH
[[gnu::target("avx2")]] __m256i twice(const std::array<std::int8_t, 16>& bytes) noexcept {
  return _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data())));
}

// Decodes blocks of 32 digits as long as there are any, and returns how many characters these are.
// `to` must have room for 8 bytes after those that are decoded.
//
// The method is that of Muła and Lemire, "Faster Base64 Encoding and Decoding using AVX2
// Instructions" (2018). The upper half of a character picks a bit, that of a range of digits. The
// lower half picks the bits of all ranges that have no such character. A character is a digit if
// the two have no bit in common. Adding the range's offset turns the digit into its value, of 6
// bits.
[[gnu::target("avx2")]] std::size_t decode_blocks(std::string_view text, char* to) noexcept {
  constexpr std::size_t kBlock = 32;
  static constexpr std::array<std::int8_t, 16> kExcludedByLow = {0x15, 0x11, 0x11, 0x11, 0x11, 0x11,
                                                                 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a,
                                                                 0x1b, 0x1b, 0x1b, 0x1a};
  static constexpr std::array<std::int8_t, 16> kRangeByHigh = {0x10, 0x10, 0x01, 0x02, 0x04, 0x08,
                                                               0x04, 0x08, 0x10, 0x10, 0x10, 0x10,
                                                               0x10, 0x10, 0x10, 0x10};
  static constexpr std::array<std::int8_t, 16> kOffset = {0, 16, 19, 4, -65, -65, -71, -71};
  static constexpr std::array<std::int8_t, 16> kOrder = {2, 1,  0,  6,  5,  4,  10, 9,
                                                         8, 14, 13, 12, -1, -1, -1, -1};
  const __m256i excluded_by_low = twice(kExcludedByLow);
  const __m256i range_by_high = twice(kRangeByHigh);
  const __m256i offset = twice(kOffset);
  const __m256i order = twice(kOrder);
  // A slash is 0x2f, so it is also the mask of a half: bit 5 is set too, but a shuffle ignores it.
  const __m256i slash = _mm256_set1_epi8('/');
  std::size_t at = 0;
  for (; at + kBlock <= text.size(); at += kBlock, to += kBlock / 4 * 3) {
    __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + at));
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(block, 4), slash);
    const __m256i low = _mm256_and_si256(block, slash);
    const __m256i range = _mm256_shuffle_epi8(range_by_high, high);
    if (!_mm256_testz_si256(_mm256_shuffle_epi8(excluded_by_low, low), range)) break;
    // The slash has the upper half of '+', which is 2. Where there is a slash, is_slash is -1, so
    // its own offset is the element before that of '+'.
    const __m256i is_slash = _mm256_cmpeq_epi8(block, slash);
    block = _mm256_add_epi8(block, _mm256_shuffle_epi8(offset, _mm256_add_epi8(is_slash, high)));
    // Joins two values of 6 bits, a * 64 + b, and two of these of 12 bits, ab * 4096 + cd. `order`
    // packs the three bytes of each result, the highest first.
    block = _mm256_maddubs_epi16(block, _mm256_set1_epi32(0x01400140));
    block = _mm256_madd_epi16(block, _mm256_set1_epi32(0x00011000));
    block = _mm256_shuffle_epi8(block, order);
    block = _mm256_permutevar8x32_epi32(block, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), block);
  }
  return at;
}
#endif

// Decodes whole blocks of digits if the processor can, and returns how many characters these are.
std::size_t decode_many([[maybe_unused]] std::string_view text,
                        [[maybe_unused]] char* to) noexcept {
#if NB101_X86_DISPATCH
  if (active_simd() != Simd::portable) return decode_blocks(text, to);
#endif
  return 0;
}

char* store_triple(char* to, std::int32_t bits) noexcept {
  to[0] = static_cast<char>(bits >> 16);
  to[1] = static_cast<char>(bits >> 8);
  to[2] = static_cast<char>(bits);
  return to + 3;
}

}  // namespace

void decode_base64(std::string_view text, const RecordPlace& place, std::string& bytes) {
  constexpr std::size_t kRoom = 8;  // after the bytes, for decode_many
  bytes.resize((text.size() / 4 + 1) * 3 + kRoom);
  char* to = bytes.data();
  std::size_t padding = 0;
  bool is_line_start = true;
  for (std::size_t at = 0; at < text.size();) {
    if (std::exchange(is_line_start, false) && padding == 0) {
      const std::size_t count = decode_many(text.substr(at), to);
      at += count;
      to += count / 4 * 3;
      if (count > 0) continue;
    }
    const bool is_whole = at + 4 <= text.size() && padding == 0;
    const std::int32_t bits = is_whole ? decode_quad(text.data() + at) : -1;
    if (bits >= 0) {
      to = store_triple(to, bits);
      at += 4;
    } else if (text[at] == '\n') {
      ++at;
      is_line_start = true;
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
