#include "nb101/kernel_density.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "nb101/op.hpp"
#include "nb101/vector_loop.hpp"

#if NB101_X86_DISPATCH
#include <immintrin.h>
#endif

namespace nb101 {
namespace {

constexpr int kPointBits = 32;
constexpr int kFirstEdgeBit = kPointBits - kMatrixBits;
// Every instruction set adds up so many partial sums in the same order, so all get the same sum.
constexpr std::size_t kLanes = 8;

// The number of a label in nas_benchmarks, whose first operation is conv1x1. The bandwidths depend
// on these numbers.
constexpr std::array<std::size_t, kNumOps> kListed = {1, 0, 2};

struct Parameter {
  int bit;    // the first bit of its value in a point
  int width;  // the number of bits of its value
  int num_values;
};

constexpr NumberedArray<Parameter, kNumParameters> kParameters = [] {
  NumberedArray<Parameter, kNumParameters> parameters{};
  for (int edge = 0; edge < kMatrixBits; ++edge) parameters[edge] = {kFirstEdgeBit + edge, 1, 2};
  for (int i = 0; i < kMaxInterior; ++i) parameters[kMatrixBits + i] = {2 * i, 2, kNumOps};
  return parameters;
}();

constexpr std::uint32_t mask_of(const Parameter& parameter) noexcept {
  return ((1u << parameter.width) - 1) << parameter.bit;
}

using BitCounts = NumberedArray<std::uint32_t, kPointBits>;

// Counts how many points have each bit.
BitCounts count_bits(std::span<const Point> points) noexcept {
  BitCounts counts{};
  vectorized([begin = points.data(), size = points.size(), to = counts.data()] {
    BitCounts found{};
    for (std::size_t i = 0; i < size; ++i) {
      const auto point = static_cast<std::uint32_t>(begin[i]);
      for (int bit = 0; bit < kPointBits; ++bit) found[bit] += (point & 1u << bit) != 0;
    }
    std::ranges::copy(found, to);
  });
  return counts;
}

// How often a parameter has each of its values, as nas_benchmarks numbers them.
struct LevelCounts {
  std::array<double, kNumOps> counts{};

  LevelCounts(const Parameter& parameter, const BitCounts& bits, std::size_t num_points) noexcept {
    const auto points = static_cast<double>(num_points);
    const double first = bits[parameter.bit];
    if (parameter.width == 1) {
      counts = {points - first, first};
      return;
    }
    // The value 1 is the lower bit alone, and the value 2 is the upper bit alone.
    const double second = bits[parameter.bit + 1];
    counts[kListed[0]] = points - first - second;
    counts[kListed[1]] = first;
    counts[kListed[2]] = second;
  }

  // The number of values that occur.
  int num_levels() const noexcept {
    return static_cast<int>(std::ranges::count_if(counts, [](double n) { return n > 0; }));
  }
  // All numbers are whole until the root, so the deviation of equal values is exactly 0.
  double standard_deviation() const noexcept {
    const double points = counts[0] + counts[1] + counts[2];
    const double sum = counts[1] + 2 * counts[2];
    const double sum_of_squares = counts[1] + 4 * counts[2];
    return std::sqrt(points * sum_of_squares - sum * sum) / points;
  }
};

// Adds up eight partial sums.
double total(const std::array<double, kLanes>& sums) noexcept {
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

using ByByte = std::array<std::array<double, 256>, 4>;
using ByNibble = std::array<std::array<double, 16>, 8>;

double sum_portable(std::span<const Point> points, Point at, const ByByte& by_byte) noexcept {
  std::array<double, kLanes> sums{};
  const auto term = [&](Point point) {
    const std::uint32_t bits = static_cast<std::uint32_t>(point) ^ static_cast<std::uint32_t>(at);
    return (by_byte[0][bits & 255] * by_byte[1][bits >> 8 & 255]) *
           (by_byte[2][bits >> 16 & 255] * by_byte[3][bits >> 24]);
  };
  const std::size_t whole = points.size() / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += term(points[i + lane]);
  }
  for (std::size_t i = whole; i < points.size(); ++i) sums[i - whole] += term(points[i]);
  return total(sums);
}

#if NB101_X86_DISPATCH
// Looks up the products of eight points at a time in tables of 16, which stay in registers.
[[gnu::target("avx512f")]] double sum_avx512(std::span<const Point> points, Point at,
                                             const ByNibble& by_nibble) noexcept {
  __m512d tables[16];
  for (std::size_t i = 0; i < 8; ++i) {
    tables[2 * i] = _mm512_loadu_pd(by_nibble[i].data());
    tables[2 * i + 1] = _mm512_loadu_pd(by_nibble[i].data() + 8);
  }
  const __m512i other = _mm512_set1_epi64(static_cast<std::uint32_t>(at));
  __m512d sums = _mm512_setzero_pd();
  for (std::size_t i = 0; i < points.size(); i += kLanes) {
    const std::size_t rest = std::min(points.size() - i, kLanes);
    const auto present = static_cast<__mmask16>((1u << rest) - 1);
    const __m512i narrow = _mm512_maskz_loadu_epi32(present, points.data() + i);
    const __m512i bits =
        _mm512_xor_si512(_mm512_cvtepu32_epi64(_mm512_castsi512_si256(narrow)), other);
    __m512d factors[8];
    for (int nibble = 0; nibble < 8; ++nibble) {
      const __m512i number = _mm512_srli_epi64(bits, static_cast<unsigned>(4 * nibble));
      factors[nibble] = _mm512_permutex2var_pd(tables[2 * nibble], number, tables[2 * nibble + 1]);
    }
    const __m512d low =
        _mm512_mul_pd(_mm512_mul_pd(factors[0], factors[1]), _mm512_mul_pd(factors[2], factors[3]));
    const __m512d high =
        _mm512_mul_pd(_mm512_mul_pd(factors[4], factors[5]), _mm512_mul_pd(factors[6], factors[7]));
    sums = _mm512_mask_add_pd(sums, static_cast<__mmask8>(present), sums, _mm512_mul_pd(low, high));
  }
  std::array<double, kLanes> stored;
  _mm512_storeu_pd(stored.data(), sums);
  return total(stored);
}
#endif

}  // namespace

KernelDensity::KernelDensity(std::span<const Point> points, double min_bandwidth) noexcept
    : points_(points) {
  const auto num_points = static_cast<double>(points.size());
  const double reference = 1.06 * std::pow(num_points, -1.0 / (4 + kNumParameters));
  const BitCounts bits = count_bits(points);
  for (auto& products : by_nibble_) products.fill(1);
  for (int i = 0; i < kNumParameters; ++i) {
    const LevelCounts levels(kParameters[i], bits, points.size());
    const double bandwidth = std::max(reference * levels.standard_deviation(), min_bandwidth);
    bandwidths_[i] = bandwidth;
    multiply(kParameters[i].bit, kParameters[i].width, 1 - bandwidth,
             bandwidth / (levels.num_levels() - 1));
  }
  for (std::size_t byte = 0; byte < by_byte_.size(); ++byte) {
    for (std::size_t bits_of_byte = 0; bits_of_byte < 256; ++bits_of_byte) {
      by_byte_[byte][bits_of_byte] =
          by_nibble_[2 * byte][bits_of_byte & 15] * by_nibble_[2 * byte + 1][bits_of_byte >> 4];
    }
  }
}

// Multiplies the kernel of a parameter into the products of its four bits.
void KernelDensity::multiply(int bit, int width, double match, double mismatch) noexcept {
  const std::uint32_t mask = ((1u << width) - 1) << bit % 4;
  auto& products = by_nibble_[static_cast<std::size_t>(bit / 4)];
  for (std::uint32_t bits = 0; bits < 16; ++bits) {
    products[bits] *= bits & mask ? mismatch : match;
  }
}

double KernelDensity::operator()(Point at) const noexcept {
  const auto num_points = static_cast<double>(points_.size());
#if NB101_X86_DISPATCH
  if (active_simd() == Simd::avx512) return sum_avx512(points_, at, by_nibble_) / num_points;
#endif
  return sum_portable(points_, at, by_byte_) / num_points;
}

Point KernelDensity::draw(RandomStream& random) const noexcept {
  auto bits =
      static_cast<std::uint32_t>(points_[random.below(static_cast<std::uint32_t>(points_.size()))]);
  for (int i = 0; i < kNumParameters; ++i) {
    if (random.fraction() < 1 - bandwidths_[i]) continue;
    const Parameter& parameter = kParameters[i];
    const std::uint32_t value = random.below(static_cast<std::uint32_t>(parameter.num_values));
    bits = (bits & ~mask_of(parameter)) | value << parameter.bit;
  }
  return static_cast<Point>(bits);
}

}  // namespace nb101
