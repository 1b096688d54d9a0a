#include "nb101/encoding.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "nb101/bytes.hpp"
#include "nb101/labelings.hpp"
#include "nb101/lazy.hpp"
#include "nb101/numbered_array.hpp"
#include "nb101/op.hpp"
#include "nb101/simd.hpp"
#include "nb101/vector_loop.hpp"

#if NB101_X86_DISPATCH
#include <immintrin.h>
#endif

namespace nb101 {
namespace {

constexpr std::uint64_t kSevenBytes = 0x00ffffffffffffff;
constexpr int kGroup = 7;  // how many bits or bytes one multiplication converts
constexpr int kNumGroups = kMatrixBits / kGroup;
constexpr std::size_t kNumPackedLabels = std::size_t{1} << (2 * kMaxInterior);

// Returns the label bits. They are below kNumPackedLabels even if bit 31 is set, because another
// thread may change a code after it was checked.
constexpr std::size_t packed_labels(Code code) noexcept {
  return code >> kMatrixBits & (kNumPackedLabels - 1);
}

// ---------------------------------------------------------------- between bits and bytes

// Turns seven bits into seven bytes of 0 or 1, and the eighth byte into 0. The factor has the bits
// 0, 7, .., 42, so it adds seven copies of the bits that do not overlap. Bit j of copy j lands at
// 7 j + j = 8 j, the lowest bit of byte j.
constexpr std::uint64_t to_bytes(std::uint64_t bits) noexcept {
  return (bits & 0x7f) * 0x0000040810204081 & kOneInEachByte;
}

// Writes the 21 edges as bytes, and one byte of 0 after them.
void store_edges(std::uint64_t bits, std::uint8_t* to) noexcept {
  for (int group = 0; group < kNumGroups; ++group) {
    store(to + kGroup * group, to_bytes(bits >> kGroup * group));
  }
}

// Reads 22 bytes, of which the first 21 are edges. Returns a nonzero number if one of them is
// neither 0 nor 1.
std::uint64_t load_edges(const std::uint8_t* from, Code& edges) noexcept {
  std::uint64_t wrong = 0;
  edges = 0;
  for (int group = 0; group < kNumGroups; ++group) {
    const auto bytes = load<std::uint64_t>(from + kGroup * group) & kSevenBytes;
    wrong |= bytes & ~kOneInEachByte;
    edges |= lowest_bits(bytes) << kGroup * group;
  }
  return wrong;
}

// Element [packed labels] has a byte for each label. The last three bytes are 0.
constexpr auto kBytesOfLabels = [] {
  std::array<std::uint64_t, kNumPackedLabels> bytes{};
  for (const Code labels : kLabelings) {
    for (int v = 1; v <= kMaxInterior; ++v) {
      bytes[packed_labels(labels)] |= static_cast<std::uint64_t>(code_label(labels, v))
                                      << 8 * (v - 1);
    }
  }
  return bytes;
}();

// Writes eight bytes, of which the first five are labels.
void store_labels(Code code, std::uint8_t* to) noexcept {
  store(to, kBytesOfLabels[packed_labels(code)]);
}

// Returns false if a byte is not a label.
bool load_labels(const std::uint8_t* from, Code& labels) noexcept {
  std::uint8_t greatest = 0;
  labels = 0;
  for (int v = 1; v <= kMaxInterior; ++v) {
    greatest = std::max(greatest, from[v - 1]);
    labels |= label_bits(from[v - 1] & 3, v);
  }
  return greatest < kNumOps;
}

// ---------------------------------------------------------------- A

constexpr std::size_t kRoomOfA = kMatrixBits + 8;  // how many bytes encode_a writes

void encode_a(Code code, std::uint8_t* row) noexcept {
  store_edges(code, row);
  store_labels(code, row + kMatrixBits);
}

bool decode_a(const std::uint8_t* row, Code& code) noexcept {
  Code labels = 0;
  const bool is_sound = load_edges(row, code) == 0 && load_labels(row + kMatrixBits, labels);
  code |= labels;
  return is_sound;
}

// ---------------------------------------------------------------- B

// Element i is the edge that nas_benchmarks means by the number i. Where the row-major numbering
// has the edge (r, c), it has the edge (6 - c, 6 - r).
constexpr NumberedArray<std::uint8_t, kMatrixBits> kMirrored = [] {
  NumberedArray<std::uint8_t, kMatrixBits> mirrored{};
  const auto number = [](int r, int c) { return row_offset(r) + c - r - 1; };
  for (int r = 0; r < kMaxVertices; ++r) {
    for (int c = r + 1; c < kMaxVertices; ++c) {
      mirrored[number(r, c)] =
          static_cast<std::uint8_t>(number(kMaxVertices - 1 - c, kMaxVertices - 1 - r));
    }
  }
  return mirrored;
}();

// Element [g][bits] holds the mirrored edges of the g-th seven edges of a matrix.
constexpr auto kMirroredGroups = [] {
  NumberedArray<std::array<std::uint32_t, 1 << kGroup>, kNumGroups> groups{};
  for (int edge = 0; edge < kMatrixBits; ++edge) {
    for (std::size_t bits = 0; bits < 1 << kGroup; ++bits) {
      if (bits >> edge % kGroup & 1) groups[edge / kGroup][bits] |= 1u << kMirrored[edge];
    }
  }
  return groups;
}();

// Element [group][bits] has the numbers of these edges in ascending order, a byte each. Its eighth
// byte has their count in three bits, and the greatest number above them.
constexpr auto kEdgeNumbers = [] {
  NumberedArray<std::array<std::uint64_t, 1 << kGroup>, kNumGroups> numbers{};
  for (int group = 0; group < kNumGroups; ++group) {
    for (std::size_t bits = 0; bits < 1 << kGroup; ++bits) {
      std::uint64_t count = 0;
      std::uint64_t greatest = 0;
      for (int bit = 0; bit < kGroup; ++bit) {
        if (!(bits >> bit & 1)) continue;
        greatest = static_cast<std::uint64_t>(kGroup * group + bit);
        numbers[group][bits] |= greatest << 8 * count++;
      }
      numbers[group][bits] |= (count | greatest << 3) << 8 * kGroup;
    }
  }
  return numbers;
}();

constexpr std::size_t kPlaceMask = 15;
constexpr std::size_t kRoomOfB = kPlaceMask + 8;  // how many bytes encode_b may write

// Writes the edge numbers in ascending order and repeats the last one until there are nine. Each
// store writes eight bytes, and the next store overwrites those that are not edge numbers. A code
// that another thread has changed may have more than nine edges, so a mask limits the last place.
void encode_b(Code code, std::uint8_t* row) noexcept {
  std::uint32_t mirrored = 0;
  for (int group = 0; group < kNumGroups; ++group) {
    mirrored |= kMirroredGroups[group][code >> kGroup * group & 0x7f];
  }
  std::size_t place = 0;
  std::uint64_t last = 0;
  for (int group = 0; group < kNumGroups; ++group) {
    const std::uint64_t numbers = kEdgeNumbers[group][mirrored >> kGroup * group & 0x7f];
    store(row + place, numbers);
    place += numbers >> 8 * kGroup & 7;
    last = std::max(last, numbers >> (8 * kGroup + 3));
  }
  store(row + (place & kPlaceMask), last * kOneInEachByte);
  store_labels(code, row + kMaxEdges);
}

bool decode_b(const std::uint8_t* row, Code& code) noexcept {
  bool is_sound = load_labels(row + kMaxEdges, code);
  for (int i = 0; i < kMaxEdges; ++i) {
    is_sound &= row[i] < kMatrixBits;
    code |= Code{1} << kMirrored[row[i] % kMatrixBits];
  }
  return is_sound;
}

// ---------------------------------------------------------------- C

using EightFloats = NumberedArray<float, 8>;  // what one store writes

// Element [bits] has a float for each of seven edges. Its eighth float says how many are 1.
constexpr auto kEdgeFloats = [] {
  std::array<EightFloats, 1 << kGroup> floats{};
  for (unsigned bits = 0; bits < floats.size(); ++bits) {
    for (int bit = 0; bit < kGroup; ++bit) floats[bits][bit] = bits >> bit & 1 ? 1.0f : 0.0f;
    floats[bits][kGroup] = static_cast<float>(std::popcount(bits));
  }
  return floats;
}();

// Element [packed labels] has a float for each label. The last three floats are 0.
constexpr auto kLabelFloats = [] {
  std::array<EightFloats, kNumPackedLabels> floats{};
  for (const Code labels : kLabelings) {
    for (int v = 1; v <= kMaxInterior; ++v) {
      floats[packed_labels(labels)][v - 1] = static_cast<float>(code_label(labels, v));
    }
  }
  return floats;
}();

constexpr std::size_t kRoomOfC = 1 + kMatrixBits + 8;  // how many floats encode_c writes

// Each store writes eight floats, and the next store overwrites those that are not edges.
void encode_c(Code code, float* row) noexcept {
  float num_edges = 0;
  for (int group = 0; group < kNumGroups; ++group) {
    const EightFloats& edges = kEdgeFloats[code >> kGroup * group & 0x7f];
    store(row + 1 + kGroup * group, edges);
    num_edges += edges[kGroup];
  }
  store(row + 1 + kMatrixBits, kLabelFloats[packed_labels(code)]);
  row[0] = num_edges;
}

// Returns as edges the `count` greatest of 21 numbers in 0..1. Later numbers come before equal
// earlier ones, as when a stable sort is read from its end.
Code greatest(const double* numbers, int count) noexcept {
  // The bits of doubles that are not negative, read as integers, are in the order of the doubles.
  // Adding 0.0 turns -0.0 into 0.0.
  NumberedArray<std::int64_t, kMatrixBits> keys;
  for (int i = 0; i < kMatrixBits; ++i) keys[i] = std::bit_cast<std::int64_t>(numbers[i] + 0.0);
  Code edges = 0;
  for (; count > 0; --count) {
    int best = 0;
    for (int i = 1; i < kMatrixBits; ++i) best = keys[i] >= keys[best] ? i : best;
    keys[best] = -1;
    edges |= Code{1} << best;
  }
  return edges;
}

bool is_whole(double number, int most) noexcept {
  return number >= 0 && number <= most && number == std::floor(number);
}

bool decode_c(const double* row, Code& code) noexcept {
  bool is_sound = is_whole(row[0], kMaxEdges);
  const double* const numbers = row + 1;
  const double* const labels = numbers + kMatrixBits;
  for (int i = 0; i < kMatrixBits; ++i) is_sound &= numbers[i] >= 0 && numbers[i] <= 1;
  for (int i = 0; i < kMaxInterior; ++i) is_sound &= is_whole(labels[i], kNumOps - 1);
  if (!is_sound) return false;
  code = greatest(numbers, static_cast<int>(row[0]));
  for (int v = 1; v <= kMaxInterior; ++v) code |= label_bits(static_cast<int>(labels[v - 1]), v);
  return true;
}

// ---------------------------------------------------------------- one-hot

// Element [packed labels] has three bits for each label, of which one is set.
constexpr auto kOneHotLabels = [] {
  std::array<std::uint16_t, kNumPackedLabels> one_hot{};
  for (const Code labels : kLabelings) {
    for (int v = 1; v <= kMaxInterior; ++v) {
      one_hot[packed_labels(labels)] |=
          static_cast<std::uint16_t>(1 << (kNumOps * (v - 1) + code_label(labels, v)));
    }
  }
  return one_hot;
}();

void encode_one_hot(Code code, std::uint8_t* row) noexcept {
  const std::uint64_t labels = kOneHotLabels[packed_labels(code)];
  store_edges(code, row);
  store(row + kMatrixBits, to_bytes(labels));
  store(row + kMatrixBits + kGroup, to_bytes(labels >> kGroup));
  row[kMatrixBits + 2 * kGroup] = static_cast<std::uint8_t>(labels >> 2 * kGroup);
}

bool decode_one_hot(const std::uint8_t* row, Code& code) noexcept {
  constexpr int kNone = 3;
  constexpr std::array<std::uint8_t, 8> kLabelOf = {kNone, 0, 1, kNone, 2, kNone, kNone, kNone};
  std::uint64_t wrong = load_edges(row, code);
  const std::uint8_t* const from = row + kMatrixBits;
  const auto first = load<std::uint64_t>(from) & kSevenBytes;
  const auto second = load<std::uint64_t>(from + kGroup);
  wrong |= (first | second) & ~kOneInEachByte;
  std::uint32_t bits = lowest_bits(first) | lowest_bits(second) << kGroup;
  for (int v = 1; v <= kMaxInterior; ++v, bits >>= kNumOps) {
    code |= label_bits(kLabelOf[bits & 7], v);
  }
  return wrong == 0 && code_faults(code) == 0;
}

// ---------------------------------------------------------------- path

constexpr std::size_t kPathBlock = 64;  // The rows of so many codes fit the L1 cache.
constexpr std::uint32_t kNumSubsets = 1 << kMaxInterior;

// Edges go upward, so the set of interior vertices on a path identifies the path. Returns which of
// the 32 sets are paths: bit s stands for the set whose member v is bit v - 1 of s.
constexpr std::uint32_t paths_of(Code code) noexcept {
  // Element v holds the sets of the paths that end at v. At the input this is the empty set, bit 0.
  std::uint32_t ending[kMaxVertices] = {1};
#pragma GCC unroll 6
  for (int w = 1; w < kMaxVertices; ++w) {
#pragma GCC unroll 6
    for (int v = 0; v < w; ++v) {
      ending[w] |= ending[v] & (0u - (code >> (row_offset(v) + w - v - 1) & 1));
    }
    // Adding w to a set s gives the set s + 2^(w - 1), so all bits move by 2^(w - 1).
    if (w < kMaxVertices - 1) ending[w] <<= 1 << (w - 1);
  }
  return ending[kMaxVertices - 1];
}

// Holds the column of each path, by packed labels and set. The labels a, b, c, .. on a path have
// the column (a + 1) + 3 (b + 1) + 9 (c + 1) + .., and no labels have column 0. As the factors are
// 1 to 3 and never 0, no two sequences have the same column (bijective base 3).
class PathColumns {
 public:
  using Row = std::array<std::uint16_t, kNumSubsets>;

  PathColumns() : rows_(kNumPackedLabels) {
    for (const Code labels : kLabelings) {
      for (std::uint32_t subset = 0; subset < kNumSubsets; ++subset) {
        int column = 0;
        int power = 1;
        for (int v = 1; v <= kMaxInterior; ++v) {
          if (!(subset >> (v - 1) & 1)) continue;
          column += power * (code_label(labels, v) + 1);
          power *= kNumOps;
        }
        rows_[packed_labels(labels)][subset] = static_cast<std::uint16_t>(column);
      }
    }
  }

  const Row& operator()(Code code) const noexcept { return rows_[packed_labels(code)]; }

 private:
  std::vector<Row> rows_;
};

// A copy of some codes. Another thread may change the array meanwhile, so each code is read once.
struct PathBlock {
  std::size_t size;
  std::array<Code, kPathBlock> codes;
  std::array<std::uint32_t, kPathBlock> paths;  // of each code
};

// The offsets of the ones in the rows of a block, and room for a vector behind them.
using Places = std::array<std::uint32_t, kPathBlock * kNumSubsets + 16>;

// Finds the places of the ones of a block, and returns how many there are.
std::size_t places_portable(const PathBlock& block, const PathColumns& columns, Places& places) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < block.size; ++i) {
    const PathColumns::Row& row = columns(block.codes[i]);
    for (std::uint32_t rest = block.paths[i]; rest; rest &= rest - 1) {
      places[count++] = static_cast<std::uint32_t>(num_columns(Encoding::path) * i) +
                        row[static_cast<std::size_t>(std::countr_zero(rest))];
    }
  }
  return count;
}

#if NB101_X86_DISPATCH
// Does the same without a branch that depends on the code: it takes the columns of 16 sets at a
// time and moves those of the paths together.
[[gnu::target("avx512f,popcnt")]] std::size_t places_avx512(const PathBlock& block,
                                                            const PathColumns& columns,
                                                            Places& places) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < block.size; ++i) {
    const __m512i first = _mm512_set1_epi32(static_cast<int>(num_columns(Encoding::path) * i));
    const PathColumns::Row& row = columns(block.codes[i]);
    const std::uint32_t paths = block.paths[i];
    for (std::uint32_t half = 0; half < kNumSubsets; half += 16) {
      const __m256i narrow =
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row.data() + half));
      const __m512i wide = _mm512_add_epi32(_mm512_cvtepu16_epi32(narrow), first);
      const auto present = static_cast<__mmask16>(paths >> half);
      _mm512_storeu_si512(places.data() + count, _mm512_maskz_compress_epi32(present, wide));
      count += static_cast<std::size_t>(std::popcount(present));
    }
  }
  return count;
}
#endif

std::size_t find_places(const PathBlock& block, const PathColumns& columns, Places& places) {
#if NB101_X86_DISPATCH
  if (active_simd() == Simd::avx512) return places_avx512(block, columns, places);
#endif
  return places_portable(block, columns, places);
}

void encode_paths(std::span<const Code> codes, std::uint8_t* rows) {
  constinit static Lazy<PathColumns> lazy;
  const PathColumns& columns = lazy.get([] { return PathColumns(); });
  PathBlock block;
  Places places;
  for (std::size_t first = 0; first < codes.size(); first += kPathBlock) {
    block.size = std::min(kPathBlock, codes.size() - first);
    std::copy_n(codes.data() + first, block.size, block.codes.data());
    vectorized([size = block.size, from = block.codes.data(), to = block.paths.data()] {
      for (std::size_t i = 0; i < size; ++i) to[i] = paths_of(from[i]);
    });
    std::uint8_t* const to = rows + num_columns(Encoding::path) * first;
    std::memset(to, 0, num_columns(Encoding::path) * block.size);
    const std::size_t count = find_places(block, columns, places);
    for (std::size_t i = 0; i < count; ++i) to[places[i]] = 1;
  }
}

// ---------------------------------------------------------------- rows

template <class Encode>
void encode_rows(std::span<const Code> codes, std::size_t columns, std::uint8_t* rows,
                 Encode encode) noexcept {
  for (std::size_t i = 0; i < codes.size(); ++i) encode(codes[i], rows + columns * i);
}

// Encodes by a function that writes `kRoom` numbers, which is more than a row has. The next row
// overwrites the rest. The last row has no room behind it, so it is written elsewhere and copied.
template <std::size_t kColumns, std::size_t kRoom, class Number, class Encode>
void encode_overlapping_rows(std::span<const Code> codes, Number* rows, Encode encode) noexcept {
  if (codes.empty()) return;
  for (std::size_t i = 0; i + 1 < codes.size(); ++i) encode(codes[i], rows + kColumns * i);
  std::array<Number, kRoom> last{};
  encode(codes.back(), last.data());
  std::copy_n(last.data(), kColumns, rows + kColumns * (codes.size() - 1));
}

template <class Number, class Decode>
std::size_t decode_rows(const Number* rows, std::size_t columns, std::span<Code> codes,
                        Decode decode) noexcept {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (!decode(rows + columns * i, codes[i])) return i;
  }
  return codes.size();
}

}  // namespace

std::size_t first_unfit(Encoding encoding, std::span<const Code> codes) noexcept {
  const EdgeLimits limits = edge_limits(encoding);
  if (limits.least == 0 && limits.most == kMatrixBits) return codes.size();
  const auto is_unfit = [limits](Code code) {
    const int edges = std::popcount(code & kMatrixMask);
    return edges < limits.least || edges > limits.most;
  };
  std::uint32_t num_unfit = 0;
  vectorized([=, &num_unfit] {
    for (const Code code : codes) num_unfit += is_unfit(code);
  });
  if (num_unfit == 0) return codes.size();
  return static_cast<std::size_t>(std::ranges::find_if(codes, is_unfit) - codes.begin());
}

void encode_bytes(Encoding encoding, std::span<const Code> codes, std::uint8_t* rows) {
  const std::size_t columns = num_columns(encoding);
  switch (encoding) {
    case Encoding::a:
      return encode_overlapping_rows<num_columns(Encoding::a), kRoomOfA>(codes, rows, encode_a);
    case Encoding::b:
      return encode_overlapping_rows<num_columns(Encoding::b), kRoomOfB>(codes, rows, encode_b);
    case Encoding::one_hot:
      return encode_rows(codes, columns, rows, encode_one_hot);
    case Encoding::path:
      return encode_paths(codes, rows);
    case Encoding::c:
      break;
  }
}

void encode_c(std::span<const Code> codes, float* rows) noexcept {
  encode_overlapping_rows<num_columns(Encoding::c), kRoomOfC>(
      codes, rows, [](Code code, float* row) { encode_c(code, row); });
}

std::size_t decode_bytes(Encoding encoding, const std::uint8_t* rows,
                         std::span<Code> codes) noexcept {
  const std::size_t columns = num_columns(encoding);
  switch (encoding) {
    case Encoding::a:
      return decode_rows(rows, columns, codes, decode_a);
    case Encoding::b:
      return decode_rows(rows, columns, codes, decode_b);
    case Encoding::one_hot:
      return decode_rows(rows, columns, codes, decode_one_hot);
    case Encoding::c:
    case Encoding::path:
      break;
  }
  return 0;
}

std::size_t decode_c(const double* rows, std::span<Code> codes) noexcept {
  return decode_rows(rows, num_columns(Encoding::c), codes,
                     [](const double* row, Code& code) { return decode_c(row, code); });
}

}  // namespace nb101
