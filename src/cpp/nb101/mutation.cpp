#include "nb101/mutation.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "nb101/alias_table.hpp"
#include "nb101/change.hpp"
#include "nb101/labelings.hpp"
#include "nb101/lazy.hpp"
#include "nb101/numbered_array.hpp"
#include "nb101/random.hpp"
#include "nb101/reach.hpp"
#include "nb101/stop.hpp"
#include "nb101/valid_matrices.hpp"
#include "nb101/vector_loop.hpp"

namespace nb101 {
namespace {

// Changes one of the 26 parameters, each with the same probability. There are 52 outcomes: two for
// each edge, which are the same change, and one for each of the two other values of each label.
Code change_of_parameter(Draws draws) noexcept {
  const std::uint32_t half = draws.below(2 * (kMatrixBits + kMaxInterior));
  return kSingleChanges[half < 2 * kMatrixBits ? half / 2 : half - kMatrixBits];
}

}  // namespace

// Changes each parameter independently. An edge flips with probability `edge`. A label changes with
// probability `label`, to both other values equally often.
class IndependentChanges {
 public:
  IndependentChanges(double edge, double label)
      : edges_(edge_probabilities(edge)), labels_(label_probabilities(label)) {}

  Code operator()(std::uint64_t word, std::uint64_t next_word) const noexcept {
    const auto low = [](std::uint64_t bits) { return static_cast<std::uint32_t>(bits); };
    return edges_[low(word)] | edges_[low(word >> 32)] << kGroup |
           edges_[low(next_word)] << 2 * kGroup | labels_[low(next_word >> 32)] << kMatrixBits;
  }

 private:
  static constexpr int kGroup = kMatrixBits / 3;  // how many edges one draw decides
  static constexpr int kLabelBits = 2 * kMaxInterior;

  // Element [flips] is the probability that exactly these edges flip.
  static std::vector<double> edge_probabilities(double flip) {
    std::vector<double> probabilities(1 << kGroup, 1);
    for (std::uint32_t flips = 0; flips < probabilities.size(); ++flips) {
      for (int i = 0; i < kGroup; ++i) probabilities[flips] *= flips >> i & 1 ? flip : 1 - flip;
    }
    return probabilities;
  }

  // Element [change] is the probability of this change of the labels.
  static std::vector<double> label_probabilities(double change) {
    std::vector<double> probabilities(1 << kLabelBits);
    for (const Code labels : kLabelings) {
      double& probability = probabilities[labels >> kMatrixBits];
      probability = 1;
      for (int v = 1; v <= kMaxInterior; ++v) {
        probability *= code_label(labels, v) == 0 ? 1 - change : change / 2;
      }
    }
    return probabilities;
  }

  AliasTable<kGroup> edges_;
  AliasTable<kLabelBits> labels_;
};

namespace {

// Which bits of a code belong to a vertex: the edges from it, the edges to it and its label.
struct VertexBits {
  Code from, to, label;
};
constexpr auto kVertexBits = [] {
  NumberedArray<VertexBits, kMaxVertices> bits{};
  for (int v = 0; v < kMaxVertices; ++v) {
    for (int w = v + 1; w < kMaxVertices; ++w) {
      const Code edge = Code{1} << (row_offset(v) + w - v - 1);
      bits[v].from |= edge;
      bits[w].to |= edge;
    }
    if (v >= 1 && v <= kMaxInterior) bits[v].label = label_bits(3, v);
  }
  return bits;
}();

// Returns the bits of a code whose change can change the pruned cell. These are the edges from a
// vertex that the input reaches to one that reaches the output, and the labels of the vertices that
// pruning keeps. 0u - bit is a mask of all ones if the bit is 1, else 0.
constexpr Code what_counts(Code code) noexcept {
  const Reach reach = reach_of(code);
  VertexBits counts{};
#pragma GCC unroll 7
  for (int v = 0; v < kMaxVertices; ++v) {
    counts.from |= kVertexBits[v].from & (0u - (reach.from_input >> v & 1));
    counts.to |= kVertexBits[v].to & (0u - (reach.to_output >> v & 1));
    counts.label |= kVertexBits[v].label & (0u - (reach.live() >> v & 1));
  }
  return (counts.from & counts.to) | counts.label;
}

// The edge from input to output. If it is the only bit that counts, no single change leads to
// another cell.
constexpr Code kDirectEdge = Code{1} << (row_offset(0) + 5);

// Element [k][byte] is the position of the k-th set bit of the byte, counted from 0.
constexpr auto kBitOfByte = [] {
  std::array<std::array<std::uint8_t, 256>, 8> bits{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::size_t k = 0;
    for (std::uint8_t bit = 0; bit < 8; ++bit) {
      if (byte >> bit & 1) bits[k++][byte] = bit;
    }
  }
  return bits;
}();

// Draws a set bit of a mask, each with the same probability. Returns 0 if the mask is 0. It uses
// neither branches nor bit instructions, so that every compiler makes it fast.
//
// The sums over pairs, then fours, then eights of bits count the set bits of each byte. Multiplying
// by 0x01010101 adds the lower bytes to each byte. The k-th set bit is above byte j if k is at
// least `up_to` of byte j. (k | 0x80) - up_to leaves bit 7 set exactly then, and it never borrows
// from the next byte because both numbers are below 128. The count of such bytes is the number of
// the byte that holds the bit.
Code draw_bit(Code mask, Draws draws) noexcept {
  constexpr Code kBytes = 0x01010101;
  Code counts = mask - (mask >> 1 & 0x55555555);
  counts = (counts & 0x33333333) + (counts >> 2 & 0x33333333);
  counts = (counts + (counts >> 4)) & 0x0f0f0f0f;
  const Code up_to = counts * kBytes;  // byte j has the number of set bits in the bytes 0 .. j
  const std::uint32_t k = draws.below(up_to >> 24);
  const Code passed = ((k * kBytes | 0x80808080) - up_to) & 0x80808080;
  const int shift = static_cast<int>((passed >> 7) * kBytes >> 24 << 3) & 31;
  const std::uint32_t before = (up_to << 8) >> shift & 0xff;
  return Code{1} << (kBitOfByte[(k - before) & 7][mask >> shift & 0xff] + shift) & mask;
}

// The codes are worked on in blocks. Each step is a short loop over a block, so that compilers can
// use vector instructions.
constexpr std::size_t kCodesInBlock = 1024;

template <class T>
using InBlock = std::array<T, kCodesInBlock>;

// Calls work(first, codes) for each block, where `first` is the position of its first code. The
// block is a copy, because another thread may change the codes meanwhile.
template <class Work>
void for_each_block(std::span<const Code> codes, Work work) {
  InBlock<Code> block;
  for (std::size_t first = 0; first < codes.size(); first += kCodesInBlock) {
    if (first > 0) check_stop();
    const std::size_t size = std::min(kCodesInBlock, codes.size() - first);
    std::copy_n(codes.data() + first, size, block.data());
    work(first, std::span<const Code>(block.data(), size));
  }
}

void draw_words(std::uint64_t seed, std::uint64_t first_place, const std::uint16_t* places,
                std::size_t count, std::uint64_t* words) noexcept {
  vectorized([=] {
    for (std::size_t i = 0; i < count; ++i) words[i] = random_word(seed, first_place + places[i]);
  });
}

void apply(const Code* changes, const Code* parents, std::size_t count, Code* children) noexcept {
  vectorized([=] {
    for (std::size_t i = 0; i < count; ++i) children[i] = changed(parents[i], changes[i]);
  });
}

// Draws a change for each code until the child is valid. draw(place, word, next_word) returns the
// change of the code at this place in the block. If another thread has made a parent invalid since
// it was checked, the child is the parent, because the draws might never end.
template <class Draw>
void redraw(std::span<const Code> parents, std::size_t first, std::uint64_t seed, Code* children,
            const Draw& draw) {
  const MatrixSet& valid = ValidMatrices::instance().official().set;
  InBlock<std::uint16_t> pending;
  InBlock<std::uint64_t> words, next_words;
  InBlock<Code> changes, parent, child;
  std::size_t left = 0;
  for (std::size_t i = 0; i < parents.size(); ++i) {
    children[first + i] = parents[i];
    pending[left] = static_cast<std::uint16_t>(i);
    left += valid.has(parents[i]);
  }
  for (std::uint64_t number = 0; left > 0; ++number) {
    draw_words(seed, random_place(first, 2 * number), pending.data(), left, words.data());
    draw_words(seed, random_place(first, 2 * number + 1), pending.data(), left, next_words.data());
    for (std::size_t i = 0; i < left; ++i) {
      changes[i] = draw(pending[i], words[i], next_words[i]);
      parent[i] = parents[pending[i]];
    }
    apply(changes.data(), parent.data(), left, child.data());
    std::size_t refused = 0;
    for (std::size_t i = 0; i < left; ++i) {
      const std::uint16_t place = pending[i];
      children[first + place] = child[i];
      pending[refused] = place;
      refused += !valid.has(child[i]);
    }
    left = refused;
  }
}

void mutate_parameter(std::span<const Code> parents, std::uint64_t seed, Code* children) {
  for_each_block(parents, [=](std::size_t first, std::span<const Code> block) {
    InBlock<Code> changes;
    for (std::size_t i = 0; i < block.size(); ++i) {
      changes[i] = change_of_parameter(Draws(random_word(seed, first + i)));
    }
    apply(changes.data(), block.data(), block.size(), children + first);
  });
}

void mutate_independently(const IndependentChanges& changes, std::span<const Code> parents,
                          std::uint64_t seed, Code* children) {
  for_each_block(parents, [&](std::size_t first, std::span<const Code> block) {
    redraw(block, first, seed, children,
           [&](std::size_t, std::uint64_t word, std::uint64_t next_word) {
             return changes(word, next_word);
           });
  });
}

void mutate_pruned(std::span<const Code> parents, std::uint64_t seed, Code* children) {
  for_each_block(parents, [=](std::size_t first, std::span<const Code> block) {
    InBlock<Code> counts;
    vectorized([codes = block.data(), size = block.size(), to = counts.data()] {
      for (std::size_t i = 0; i < size; ++i) {
        const Code all = what_counts(codes[i]);
        to[i] = all & (0u - (all != kDirectEdge));  // 0 means that the child is the parent
      }
    });
    redraw(block, first, seed, children, [&](std::size_t place, std::uint64_t word, std::uint64_t) {
      return draw_bit(counts[place], Draws(word));
    });
  });
}

}  // namespace

Mutator::Mutator(Mutation mutation, double rate) : mutation_(mutation) {
  constinit static Lazy<IndependentChanges> notebook, naszilla, naslib;
  const auto use = [this](Lazy<IndependentChanges>& table, double edge_odds, double label_odds) {
    const auto make = [=] { return IndependentChanges(1 / edge_odds, 1 / label_odds); };
    changes_ = {std::shared_ptr<void>(), &table.get(make)};  // it lives for ever, without an owner
  };
  if (mutation == Mutation::naszilla) use(naszilla, 21, 5);
  if (mutation == Mutation::naslib) use(naslib, 7, 3);
  if (mutation == Mutation::notebook && rate == 1) use(notebook, 7, 5);
  if (mutation == Mutation::notebook && rate != 1) {
    changes_ = std::make_shared<const IndependentChanges>(rate / 7, rate / 5);
  }
}

void Mutator::operator()(std::span<const Code> parents, std::uint64_t seed, Code* children) const {
  if (changes_) return mutate_independently(*changes_, parents, seed, children);
  if (mutation_ == Mutation::pruned) return mutate_pruned(parents, seed, children);
  mutate_parameter(parents, seed, children);
}

}  // namespace nb101
