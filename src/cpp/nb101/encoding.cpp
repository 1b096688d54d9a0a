#include "nb101/encoding.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "nb101/bytes.hpp"
#include "nb101/labelings.hpp"
#include "nb101/op.hpp"
#include "nb101/vector_loop.hpp"

namespace nb101 {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kSevenBytes = 0x00ffffffffffffff;
constexpr int kGroup = 7;  // bits or bytes that one multiplication moves
constexpr int kNumGroups = kMatrixBits / kGroup;

// ---------------------------------------------------------------- between bits and bytes

// Seven bits to seven bytes of 0 or 1; the eighth is 0.
constexpr std::uint64_t to_bytes(std::uint64_t bits) noexcept {
  return (bits & 0x7f) * 0x0000040810204081 & kOnes;
}

// The low bits of eight bytes.
constexpr std::uint32_t to_bits(std::uint64_t bytes) noexcept {
  return static_cast<std::uint32_t>((bytes & kOnes) * 0x0102040810204080 >> 56);
}

// Writes 22 bytes, of which the last is not a bit's.
void store_edges(std::uint64_t bits, std::uint8_t* to) noexcept {
  for (int group = 0; group < kNumGroups; ++group) {
    store(to + kGroup * group, to_bytes(bits >> kGroup * group));
  }
}

// Nonzero: a byte that is neither 0 nor 1. Reads 22 bytes.
std::uint64_t load_edges(const std::uint8_t* from, Code& edges) noexcept {
  std::uint64_t wrong = 0;
  edges = 0;
  for (int group = 0; group < kNumGroups; ++group) {
    const auto bytes = load<std::uint64_t>(from + kGroup * group) & kSevenBytes;
    wrong |= bytes & ~kOnes;
    edges |= to_bits(bytes) << kGroup * group;
  }
  return wrong;
}

void store_labels(Code code, std::uint8_t* to) noexcept {
  const std::uint64_t packed = code >> kMatrixBits;
  std::uint64_t bytes = (packed & 0xf) | (packed & 0xf0) << 12 | (packed & 0x300) << 24;
  bytes = (bytes | bytes << 6) & 3 * kOnes;
  store(to, static_cast<std::uint32_t>(bytes));
  to[4] = static_cast<std::uint8_t>(bytes >> 32);
}

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

// nas_benchmarks reads the number of the row-major edge (r, c) as the edge (6 - c, 6 - r).
constexpr std::array<std::uint8_t, kMatrixBits> kMirrored = [] {
  std::array<std::uint8_t, kMatrixBits> mirrored{};
  const auto number = [](int r, int c) { return row_offset(r) + c - r - 1; };
  for (int r = 0; r < kMaxVertices; ++r) {
    for (int c = r + 1; c < kMaxVertices; ++c) {
      mirrored[number(r, c)] =
          static_cast<std::uint8_t>(number(kMaxVertices - 1 - c, kMaxVertices - 1 - r));
    }
  }
  return mirrored;
}();

// By seven edges of a matrix: the mirrored ones as bits.
constexpr auto kMirroredGroups = [] {
  std::array<std::array<std::uint32_t, 1 << kGroup>, kNumGroups> groups{};
  for (int edge = 0; edge < kMatrixBits; ++edge) {
    for (int bits = 0; bits < 1 << kGroup; ++bits) {
      if (bits >> edge % kGroup & 1) groups[edge / kGroup][bits] |= 1u << kMirrored[edge];
    }
  }
  return groups;
}();

// The numbers in ascending order, the last one as often as it takes.
void encode_b(Code code, std::uint8_t* row) noexcept {
  std::uint32_t rest = 0;
  for (int group = 0; group < kNumGroups; ++group) {
    rest |= kMirroredGroups[group][code >> kGroup * group & 0x7f];
  }
  std::uint8_t number = 0;
  for (int i = 0; i < kMaxEdges; ++i, rest &= rest - 1) {
    number = rest ? static_cast<std::uint8_t>(std::countr_zero(rest)) : number;
    row[i] = number;
  }
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

// The greatest of 21 numbers in 0..1; of equal ones the later, as of a stable sort read from its
// end.
Code greatest(const double* numbers, int count) noexcept {
  std::array<std::int64_t, kMatrixBits> keys;  // in the same order as the numbers
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

// By packed labels: three bits each, one of them set.
constexpr auto kOneHotLabels = [] {
  std::array<std::uint16_t, 1 << (2 * kMaxInterior)> one_hot{};
  for (const Code labels : kLabelings) {
    for (int v = 1; v <= kMaxInterior; ++v) {
      one_hot[labels >> kMatrixBits] |=
          static_cast<std::uint16_t>(1 << (kNumOps * (v - 1) + code_label(labels, v)));
    }
  }
  return one_hot;
}();

void encode_one_hot(Code code, std::uint8_t* row) noexcept {
  const std::uint64_t labels = kOneHotLabels[code >> kMatrixBits];
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
  wrong |= (first | second) & ~kOnes;
  std::uint32_t bits = to_bits(first) | to_bits(second) << kGroup;
  for (int v = 1; v <= kMaxInterior; ++v, bits >>= kNumOps) {
    code |= label_bits(kLabelOf[bits & 7], v);
  }
  return wrong == 0 && code_faults(code) == 0;
}

// ---------------------------------------------------------------- path

constexpr std::size_t kBlock = 128;
constexpr int kNumSubsets = 1 << kMaxInterior;

// A path is known by the set of interior vertices on it. Returns which of the 32 sets are paths.
constexpr std::uint32_t paths_of(Code code) noexcept {
  std::uint32_t ending[kMaxVertices] = {1};  // at each vertex; at the input: the empty set
#pragma GCC unroll 6
  for (int w = 1; w < kMaxVertices; ++w) {
#pragma GCC unroll 6
    for (int v = 0; v < w; ++v) {
      ending[w] |= ending[v] & (0u - (code >> (row_offset(v) + w - v - 1) & 1));
    }
    if (w < kMaxVertices - 1) ending[w] <<= 1 << (w - 1);  // the vertex joins each set
  }
  return ending[kMaxVertices - 1];
}

// The column of a path, by packed labels and set: in base 3, the first operation least, each
// plus 1.
class PathColumns {
 public:
  PathColumns() : rows_(std::size_t{1} << (2 * kMaxInterior)) {
    for (const Code labels : kLabelings) {
      for (int subset = 0; subset < kNumSubsets; ++subset) {
        int column = 0;
        int power = 1;
        for (int v = 1; v <= kMaxInterior; ++v) {
          if (!(subset >> (v - 1) & 1)) continue;
          column += power * (code_label(labels, v) + 1);
          power *= kNumOps;
        }
        rows_[labels >> kMatrixBits][subset] = static_cast<std::uint16_t>(column);
      }
    }
  }

  const std::array<std::uint16_t, kNumSubsets>& operator[](
      std::size_t packed_labels) const noexcept {
    return rows_[packed_labels];
  }

 private:
  std::vector<std::array<std::uint16_t, kNumSubsets>> rows_;
};

void encode_paths(std::span<const Code> codes, std::uint8_t* rows) {
  static const PathColumns columns;
  std::array<std::uint32_t, kBlock> paths;
  for (std::size_t first = 0; first < codes.size(); first += kBlock) {
    const std::span<const Code> block =
        codes.subspan(first, std::min(kBlock, codes.size() - first));
    vectorized([from = block.data(), size = block.size(), to = paths.data()] {
      for (std::size_t i = 0; i < size; ++i) to[i] = paths_of(from[i]);
    });
    std::memset(rows + num_columns(Encoding::path) * first, 0,
                num_columns(Encoding::path) * block.size());
    for (std::size_t i = 0; i < block.size(); ++i) {
      std::uint8_t* const row = rows + num_columns(Encoding::path) * (first + i);
      for (std::uint32_t rest = paths[i]; rest; rest &= rest - 1) {
        row[columns[block[i] >> kMatrixBits][std::countr_zero(rest)]] = 1;
      }
    }
  }
}

// ---------------------------------------------------------------- rows

template <class Encode>
void encode_rows(std::span<const Code> codes, std::size_t columns, std::uint8_t* rows,
                 Encode encode) noexcept {
  for (std::size_t i = 0; i < codes.size(); ++i) encode(codes[i], rows + columns * i);
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
      return encode_rows(codes, columns, rows, encode_a);
    case Encoding::b:
      return encode_rows(codes, columns, rows, encode_b);
    case Encoding::one_hot:
      return encode_rows(codes, columns, rows, encode_one_hot);
    case Encoding::path:
      return encode_paths(codes, rows);
    case Encoding::c:
      break;
  }
}

void encode_c(std::span<const Code> codes, float* rows) noexcept {
  vectorized([from = codes.data(), size = codes.size(), rows] {
    for (std::size_t i = 0; i < size; ++i) {
      float* const row = rows + num_columns(Encoding::c) * i;
      const Code code = from[i];
      row[0] = static_cast<float>(std::popcount(code & kMatrixMask));
      for (int edge = 0; edge < kMatrixBits; ++edge) {
        row[1 + edge] = code & Code{1} << edge ? 1.0f : 0.0f;
      }
      for (int v = 1; v <= kMaxInterior; ++v) {
        row[kMatrixBits + v] = static_cast<float>(code_label(code, v));
      }
    }
  });
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
