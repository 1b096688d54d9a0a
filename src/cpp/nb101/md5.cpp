#include "nb101/md5.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <vector>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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
template <std::size_t kLanes>
struct LanesOf;  // GCC ignores a vector size that depends on a template parameter
template <>
struct LanesOf<4> {
  using Type = std::uint32_t __attribute__((vector_size(16)));
};
template <>
struct LanesOf<16> {
  using Type = std::uint32_t __attribute__((vector_size(64)));
};
template <>
struct LanesOf<32> {
  using Type = std::uint32_t __attribute__((vector_size(128)));
};
template <std::size_t kLanes>
using Lanes = typename LanesOf<kLanes>::Type;
#else
template <std::size_t kLanes>
struct Lanes {  // for compilers without vector types
  std::uint32_t v[kLanes];
  std::uint32_t& operator[](std::size_t i) { return v[i]; }
};
template <std::size_t kLanes, class F>
inline Lanes<kLanes> each(const Lanes<kLanes>& a, const Lanes<kLanes>& b, F f) {
  Lanes<kLanes> r;
  for (std::size_t i = 0; i < kLanes; ++i) r.v[i] = f(a.v[i], b.v[i]);
  return r;
}
template <std::size_t kLanes>
inline Lanes<kLanes> operator+(const Lanes<kLanes>& a, const Lanes<kLanes>& b) {
  return each(a, b, [](auto x, auto y) { return x + y; });
}
template <std::size_t kLanes>
inline Lanes<kLanes> operator^(const Lanes<kLanes>& a, const Lanes<kLanes>& b) {
  return each(a, b, [](auto x, auto y) { return x ^ y; });
}
template <std::size_t kLanes>
inline Lanes<kLanes> operator&(const Lanes<kLanes>& a, const Lanes<kLanes>& b) {
  return each(a, b, [](auto x, auto y) { return x & y; });
}
template <std::size_t kLanes>
inline Lanes<kLanes> operator|(const Lanes<kLanes>& a, const Lanes<kLanes>& b) {
  return each(a, b, [](auto x, auto y) { return x | y; });
}
template <std::size_t kLanes>
inline Lanes<kLanes> operator~(const Lanes<kLanes>& a) {
  return each(a, a, [](auto x, auto) { return ~x; });
}
template <std::size_t kLanes>
inline Lanes<kLanes> operator<<(const Lanes<kLanes>& a, int s) {
  return each(a, a, [s](auto x, auto) { return x << s; });
}
template <std::size_t kLanes>
inline Lanes<kLanes> operator>>(const Lanes<kLanes>& a, int s) {
  return each(a, a, [s](auto x, auto) { return x >> s; });
}
template <std::size_t kLanes>
inline Lanes<kLanes> operator+(const Lanes<kLanes>& a, std::uint32_t k) {
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

template <std::size_t kLanes>
using State = std::array<Lanes<kLanes>, 4>;
template <std::size_t kLanes>
using Words = std::array<Lanes<kLanes>, 16>;

template <std::size_t kRound, std::size_t kLanes>
NB101_INLINE void mix_round(Lanes<kLanes>& a, Lanes<kLanes>& b, Lanes<kLanes>& c, Lanes<kLanes>& d,
                            const Words<kLanes>& words) {
#pragma GCC unroll 16
  for (std::size_t i = 0; i < 16; ++i) {
    constexpr std::size_t kStride[4] = {1, 5, 3, 7};
    constexpr std::size_t kFirst[4] = {0, 1, 5, 0};
    Lanes<kLanes> f;
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

template <std::size_t kLanes>
NB101_INLINE void compress(State<kLanes>& state, const Words<kLanes>& words) {
  Lanes<kLanes> a = state[0], b = state[1], c = state[2], d = state[3];
  mix_round<0, kLanes>(a, b, c, d, words);
  mix_round<1, kLanes>(a, b, c, d, words);
  mix_round<2, kLanes>(a, b, c, d, words);
  mix_round<3, kLanes>(a, b, c, d, words);
  state[0] = state[0] + a;
  state[1] = state[1] + b;
  state[2] = state[2] + c;
  state[3] = state[3] + d;
}

// Copies word w of the blocks of four lanes to the places lane .. lane + 3 of to[w], for each w.
// The four blocks are called a, b, c and d below.
template <std::size_t kLanes>
NB101_INLINE void transpose_blocks(const std::uint8_t* const* blocks, std::size_t lane,
                                   std::uint32_t (*to)[kLanes]) {
#ifdef __SSE2__
  for (std::size_t word = 0; word < 16; word += 4) {
    const auto row = [&](std::size_t i) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks[i] + 4 * word));
    };
    const auto put = [&](std::size_t i, __m128i column) {
      _mm_store_si128(reinterpret_cast<__m128i*>(&to[word + i][lane]), column);
    };
    const __m128i low01 = _mm_unpacklo_epi32(row(0), row(1));   // a0 b0 a1 b1
    const __m128i low23 = _mm_unpacklo_epi32(row(2), row(3));   // c0 d0 c1 d1
    const __m128i high01 = _mm_unpackhi_epi32(row(0), row(1));  // a2 b2 a3 b3
    const __m128i high23 = _mm_unpackhi_epi32(row(2), row(3));  // c2 d2 c3 d3
    put(0, _mm_unpacklo_epi64(low01, low23));
    put(1, _mm_unpackhi_epi64(low01, low23));
    put(2, _mm_unpacklo_epi64(high01, high23));
    put(3, _mm_unpackhi_epi64(high01, high23));
  }
#else
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t word = 0; word < 16; ++word) {
      to[word][lane + i] = load<std::uint32_t>(blocks[i] + 4 * word);
    }
  }
#endif
}

// Digests up to kLanes messages. All lanes run until the longest message ends. The digest of a
// shorter one is read after its own last block, and the rest of what its lane computes is not used.
template <std::size_t kLanes>
NB101_INLINE void digest_group(const Md5Message* const* messages, std::size_t count) {
  State<kLanes> state{};
  for (std::size_t word = 0; word < 4; ++word) state[word] = state[word] + kStart[word];
  std::array<std::size_t, kLanes> num_blocks{};
  std::size_t most = 0;
  for (std::size_t lane = 0; lane < count; ++lane) {
    num_blocks[lane] = md5_padded_size(messages[lane]->length) / kMd5Block;
    most = std::max(most, num_blocks[lane]);
  }
  static constexpr std::uint8_t kNoBlock[kMd5Block] = {};
  for (std::size_t block = 0; block < most; ++block) {
    std::array<const std::uint8_t*, kLanes> blocks;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      blocks[lane] =
          block < num_blocks[lane] ? messages[lane]->bytes + block * kMd5Block : kNoBlock;
    }
    alignas(64) std::uint32_t transposed[16][kLanes];
    for (std::size_t lane = 0; lane < kLanes; lane += 4) {
      transpose_blocks<kLanes>(&blocks[lane], lane, transposed);
    }
    Words<kLanes> words;
    std::memcpy(&words, transposed, sizeof words);
    compress<kLanes>(state, words);
    alignas(64) std::uint32_t digests[4][kLanes];
    std::memcpy(digests, &state, sizeof digests);
    for (std::size_t lane = 0; lane < count; ++lane) {
      if (block + 1 != num_blocks[lane]) continue;
      for (std::size_t word = 0; word < 4; ++word) {
        store(messages[lane]->digest->data() + 4 * word, digests[word][lane]);
      }
    }
  }
}

// Each step of MD5 waits for the one before it. AVX-512 and AVX2 have registers for two vectors of
// lanes, 32 or 16 lanes, of which one works while the other waits. SSE2 has too few registers for
// 16 lanes and takes 4. Without SSE2, 16 lanes are left to the compiler.
constexpr std::size_t kNarrowLanes = 16;
#ifdef __SSE2__
constexpr std::size_t kPortableLanes = 4;
#else
constexpr std::size_t kPortableLanes = kNarrowLanes;
#endif

void digest_portable(const Md5Message* const* messages, std::size_t count) {
  digest_group<kPortableLanes>(messages, count);
}

#if NB101_X86_DISPATCH
[[gnu::target("avx2")]] void digest_avx2(const Md5Message* const* messages, std::size_t count) {
  digest_group<kNarrowLanes>(messages, count);
}
[[gnu::target("avx512f,avx512bw")]] void digest_avx512(const Md5Message* const* messages,
                                                       std::size_t count) {
  digest_group<kMostMd5Lanes>(messages, count);
}
#endif

struct Kernel {
  std::size_t lanes;
  void (*digest)(const Md5Message* const*, std::size_t);
};

Kernel kernel() noexcept {
#if NB101_X86_DISPATCH
  if (active_simd() == Simd::avx512) return {kMostMd5Lanes, digest_avx512};
  if (active_simd() == Simd::avx2) return {kNarrowLanes, digest_avx2};
#endif
  return {kPortableLanes, digest_portable};
}

// Appends a bit 1, zeros, and the length in bits as the last eight bytes (RFC 1321).
void pad(const Md5Message& message) {
  const std::size_t size = md5_padded_size(message.length);
  std::memset(message.bytes + message.length, 0, size - message.length);
  message.bytes[message.length] = 0x80;
  store<std::uint64_t>(message.bytes + size - 8, std::uint64_t{8} * message.length);
}

// Sorts the messages by their number of blocks, so that the lanes of a group finish together. This
// is a counting sort, which takes linear time.
std::vector<const Md5Message*> by_size(std::span<const Md5Message> messages) {
  const auto blocks_of = [](const Md5Message& message) {
    return md5_padded_size(message.length) / kMd5Block;
  };
  std::vector<std::uint32_t> next;  // the next free place, by number of blocks
  for (const Md5Message& message : messages) {
    const std::size_t blocks = blocks_of(message);
    if (blocks + 2 > next.size()) next.resize(blocks + 2);
    ++next[blocks + 1];
  }
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<const Md5Message*> sorted(messages.size());
  for (const Md5Message& message : messages) sorted[next[blocks_of(message)]++] = &message;
  return sorted;
}

}  // namespace

void md5_many(std::span<const Md5Message> messages) {
  const Kernel md5 = kernel();
  const std::vector<const Md5Message*> sorted = by_size(messages);
  for (const Md5Message& message : messages) pad(message);
  for (std::size_t first = 0; first < sorted.size(); first += md5.lanes) {
    md5.digest(&sorted[first], std::min(md5.lanes, sorted.size() - first));
  }
}

}  // namespace nb101
