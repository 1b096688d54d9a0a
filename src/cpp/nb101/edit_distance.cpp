#include "nb101/edit_distance.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "nb101/bytes.hpp"
#include "nb101/reach.hpp"
#include "nb101/search_space.hpp"
#include "nb101/vector_loop.hpp"

namespace nb101 {
namespace {

constexpr std::int32_t kNoDistance = -1;

// A pruned cell whose vertices can change places.
struct Board {
  std::uint64_t edges = 0;   // bit 8 v + w is edge (v, w)
  std::uint64_t labels = 0;  // byte v has bit `label` set, or all three bits if v was pruned

  explicit Board(Code code) noexcept {
    const std::uint32_t live = reach_of(code).live();
    for (int v = 0; v < kMaxVertices; ++v) {
      const bool is_live = live >> v & 1;
      if (is_live && v < kMaxVertices - 1) {
        edges |= std::uint64_t{row_successors(code, v) & live} << 8 * v;
      }
      if (v == 0 || v > kMaxInterior) continue;
      labels |= std::uint64_t{is_live ? 1u << code_label(code, v) : 7u} << 8 * v;
    }
  }

  // Exchanges two vertices: their bits in each row of edges, their rows, and their labels. `bits ^
  // different << a ^ different << b` exchanges two places because it flips the bits that differ.
  void exchange(int v, int w) noexcept {
    const auto exchanged = [](std::uint64_t bits, int a, int b, std::uint64_t mask) {
      const std::uint64_t different = ((bits >> a) ^ (bits >> b)) & mask;
      return bits ^ different << a ^ different << b;
    };
    edges = exchanged(edges, v, w, kOneInEachByte);
    edges = exchanged(edges, 8 * v, 8 * w, 0xff);
    labels = exchanged(labels, 8 * v, 8 * w, 0xff);
  }
};

// Labels match if a bit of their bytes is common. A pruned vertex matches any label.
int difference(const Board& a, const Board& b) noexcept {
  const std::uint64_t common = a.labels & b.labels;
  const int matched = std::popcount((common | common >> 1 | common >> 2) & kOneInEachByte);
  return std::popcount(a.edges ^ b.edges) + kMaxInterior - matched;
}

// Returns the least difference over all orders of the vertices 1 .. kVertices of b. Heap's
// algorithm reaches each order from the one before it by exchanging two vertices.
template <int kVertices>
int least_difference(const Board& a, Board& b) noexcept {
  if constexpr (kVertices == 1) {
    return difference(a, b);
  } else {
    int least = least_difference<kVertices - 1>(a, b);
    for (int i = 1; i < kVertices; ++i) {
      b.exchange(kVertices % 2 ? 1 : i, kVertices);
      least = std::min(least, least_difference<kVertices - 1>(a, b));
    }
    return least;
  }
}

// A label that differs counts once, at its lower bit.
constexpr int raw_distance(Code a, Code b) noexcept {
  const Code different = a ^ b;
  const Code labels = (different | different >> 1) & kLowLabelBits;
  return std::popcount((different & kMatrixMask) | labels);
}

}  // namespace

void raw_distances(std::span<const Code> codes, std::span<const Code> others,
                   std::int32_t* out) noexcept {
  vectorized([a = codes.data(), b = others.data(), size = codes.size(), out] {
    for (std::size_t i = 0; i < size; ++i) out[i] = raw_distance(a[i], b[i]);
  });
}

void cell_distances(std::span<const Code> codes, std::span<const Code> others, std::int32_t* out) {
  const SearchSpace& space = SearchSpace::instance();
  const auto is_outside = [&](Code code) { return space.id(code) == kNoCell; };
  for (std::size_t i = 0; i < codes.size(); ++i) {
    out[i] = is_outside(codes[i]) || is_outside(others[i]) ? kNoDistance : 0;
  }
  vectorized([a = codes.data(), b = others.data(), size = codes.size(), out] {
    for (std::size_t i = 0; i < size; ++i) {
      if (out[i] == kNoDistance) continue;
      const Board fixed(a[i]);
      Board moving(b[i]);
      out[i] = least_difference<kMaxInterior>(fixed, moving);
    }
  });
}

}  // namespace nb101
