#include "nb101/md5.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "nb101/bytes.hpp"
#include "nb101/simd.hpp"

#if defined(__GNUC__)
#define NB101_INLINE [[gnu::always_inline]] inline
#else
#define NB101_INLINE inline
#endif

namespace nb101 {
namespace {

#if defined(__GNUC__)
using Lanes = std::uint32_t __attribute__((vector_size(4 * kMd5Lanes)));
#else
struct Lanes {  // compilers without vector types get loops
  std::uint32_t v[kMd5Lanes];
  std::uint32_t& operator[](int i) { return v[i]; }
};
template <class F>
inline Lanes each(const Lanes& a, const Lanes& b, F f) {
  Lanes r;
  for (int i = 0; i < kMd5Lanes; ++i) r.v[i] = f(a.v[i], b.v[i]);
  return r;
}
inline Lanes operator+(const Lanes& a, const Lanes& b) {
  return each(a, b, [](auto x, auto y) { return x + y; });
}
inline Lanes operator^(const Lanes& a, const Lanes& b) {
  return each(a, b, [](auto x, auto y) { return x ^ y; });
}
inline Lanes operator&(const Lanes& a, const Lanes& b) {
  return each(a, b, [](auto x, auto y) { return x & y; });
}
inline Lanes operator|(const Lanes& a, const Lanes& b) {
  return each(a, b, [](auto x, auto y) { return x | y; });
}
inline Lanes operator~(const Lanes& a) {
  return each(a, a, [](auto x, auto) { return ~x; });
}
inline Lanes operator<<(const Lanes& a, int s) {
  return each(a, a, [s](auto x, auto) { return x << s; });
}
inline Lanes operator>>(const Lanes& a, int s) {
  return each(a, a, [s](auto x, auto) { return x >> s; });
}
inline Lanes operator+(const Lanes& a, std::uint32_t k) {
  return each(a, a, [k](auto x, auto) { return x + k; });
}
#endif

constexpr std::array<std::uint32_t, 4> kStart = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

constexpr std::array<std::uint32_t, 64> kSine = {
    // floor(2^32 * |sin(i + 1)|), RFC 1321
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

constexpr int kRotation[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

using State = std::array<Lanes, 4>;
using Words = std::array<Lanes, 16>;

template <int kRound>
NB101_INLINE void mix_round(Lanes& a, Lanes& b, Lanes& c, Lanes& d, const Words& words) {
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) {
    constexpr int kStride[4] = {1, 5, 3, 7};
    constexpr int kFirst[4] = {0, 1, 5, 0};
    Lanes f;
    if constexpr (kRound == 0) f = d ^ (b & (c ^ d));
    if constexpr (kRound == 1) f = c ^ (d & (b ^ c));
    if constexpr (kRound == 2) f = b ^ c ^ d;
    if constexpr (kRound == 3) f = c ^ (b | ~d);
    f = f + a + words[(kStride[kRound] * i + kFirst[kRound]) % 16] + kSine[16 * kRound + i];
    const int s = kRotation[kRound][i % 4];
    a = d;
    d = c;
    c = b;
    b = b + ((f << s) | (f >> (32 - s)));
  }
}

NB101_INLINE void compress(State& state, const Words& words) {
  Lanes a = state[0], b = state[1], c = state[2], d = state[3];
  mix_round<0>(a, b, c, d, words);
  mix_round<1>(a, b, c, d, words);
  mix_round<2>(a, b, c, d, words);
  mix_round<3>(a, b, c, d, words);
  state[0] = state[0] + a;
  state[1] = state[1] + b;
  state[2] = state[2] + c;
  state[3] = state[3] + d;
}

void finish_lane(const State& state, int lane, Digest& digest) {
  for (int word = 0; word < 4; ++word) {
    Lanes row = state[static_cast<std::size_t>(word)];
    store<std::uint32_t>(digest.data() + 4 * word, row[lane]);
  }
}

// Lanes run to the longest message; a shorter one is read out after its own last block.
NB101_INLINE void digest_group(const Md5Message* messages, int count) {
  State state;
  for (std::size_t word = 0; word < 4; ++word) state[word] = Lanes{} + kStart[word];
  std::array<std::size_t, kMd5Lanes> blocks{};
  std::size_t most = 0;
  for (int lane = 0; lane < count; ++lane) {
    blocks[lane] = md5_padded_size(messages[lane].length) / kMd5Block;
    most = std::max(most, blocks[lane]);
  }
  for (std::size_t block = 0; block < most; ++block) {
    alignas(64) std::uint32_t transposed[16][kMd5Lanes] = {};
    for (int lane = 0; lane < count; ++lane) {
      if (block >= blocks[lane]) continue;
      const std::uint8_t* from = messages[lane].bytes + block * kMd5Block;
      for (int word = 0; word < 16; ++word) {
        transposed[word][lane] = load<std::uint32_t>(from + 4 * word);
      }
    }
    Words words;
    std::memcpy(&words, transposed, sizeof words);
    compress(state, words);
    for (int lane = 0; lane < count; ++lane) {
      if (block + 1 == blocks[lane]) finish_lane(state, lane, *messages[lane].digest);
    }
  }
}

void digest_portable(const Md5Message* messages, int count) { digest_group(messages, count); }

#if NB101_X86_DISPATCH
[[gnu::target("avx2")]] void digest_avx2(const Md5Message* messages, int count) {
  digest_group(messages, count);
}
[[gnu::target("avx512f,avx512bw")]] void digest_avx512(const Md5Message* messages, int count) {
  digest_group(messages, count);
}
#endif

using DigestGroup = void (*)(const Md5Message*, int);

DigestGroup kernel() noexcept {
#if NB101_X86_DISPATCH
  if (active_simd() == Simd::avx512) return digest_avx512;
  if (active_simd() == Simd::avx2) return digest_avx2;
#endif
  return digest_portable;
}

void pad(const Md5Message& message) {
  const std::size_t size = md5_padded_size(message.length);
  std::memset(message.bytes + message.length, 0, size - message.length);
  message.bytes[message.length] = 0x80;
  store<std::uint64_t>(message.bytes + size - 8, std::uint64_t{8} * message.length);
}

}  // namespace

void md5_many(std::vector<Md5Message>& messages) {
  std::ranges::sort(messages, {}, [](const Md5Message& m) { return md5_padded_size(m.length); });
  const DigestGroup digest = kernel();
  for (std::size_t first = 0; first < messages.size(); first += kMd5Lanes) {
    const std::size_t count = std::min<std::size_t>(kMd5Lanes, messages.size() - first);
    for (std::size_t i = 0; i < count; ++i) pad(messages[first + i]);
    digest(messages.data() + first, static_cast<int>(count));
  }
}

}  // namespace nb101
