// The search space enumerates its 423,624 cells once, in the official order. After that, two table
// look-ups find the cell of a code.
//
// The first finds the placement of the code's matrix, which is a canonical structure and its
// position in the 7x7 matrix. A placement has the id of the structure's first cell and a row of
// ranks. The second finds the rank of the code's labels in this row. The cell id is the sum of
// both.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "nb101/cell.hpp"
#include "nb101/digest.hpp"
#include "nb101/lazy.hpp"
#include "nb101/parallel.hpp"

namespace nb101 {

inline constexpr std::int32_t kNumCells = 423624;
inline constexpr std::int32_t kNoCell = -1;

class SearchSpace {
 public:
  struct Placement {
    std::int32_t first_id;
    std::uint32_t ranks;  // where its row of 1024 ranks starts
  };

  // The tables of the two look-ups. They last as long as the space.
  struct Tables {
    const std::uint16_t* placement_of_matrix;
    const Placement* placements;
    const std::uint8_t* ranks;

    std::int32_t id_of_faultless(Code code) const noexcept {
      const Placement placement = placements[placement_of_matrix[code & kMatrixMask]];
      return placement.first_id + ranks[placement.ranks + (code >> kMatrixBits)];
    }
  };

  // The first call builds the space, which takes about 60 ms.
  static const SearchSpace& instance();

  // Returns the id of the code's cell, or kNoCell if the code is outside the space.
  std::int32_t id(Code code) const noexcept {
    return code_faults(code) ? kNoCell : id_of_faultless(code);
  }

  std::int32_t id_of_faultless(Code code) const noexcept { return tables().id_of_faultless(code); }

  Tables tables() const noexcept {
    return {placement_of_matrix_.data(), placements_.data(), ranks_.data()};
  }

  // Loads into the cache what the look-up of this code reads first.
  void prefetch(Code code) const noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(&placement_of_matrix_[code & kMatrixMask]);
#else
    (void)code;
#endif
  }

  // Calls emit(i, id) for each code, in order. Every batch query runs this loop.
  template <class Emit>
  void for_each_id(std::span<const Code> codes, Emit emit) const noexcept;

  void ids(std::span<const Code> codes, std::int32_t* out, int threads) const;
  // Writes for each code whether it is valid by the official rule and has at most so many edges
  // before pruning.
  void valid(std::span<const Code> codes, int max_raw_edges, bool* out) const noexcept;

  // The codes of the representatives and their trainable parameters, by cell id.
  std::span<const Code> codes() const noexcept { return codes_; }
  std::span<const std::uint32_t> parameters() const noexcept { return parameters_; }
  // The official hashes, by cell id. The first call computes them from 25 million MD5 messages, on
  // all processors.
  std::span<const Digest> hashes() const;
  // Returns one of these hashes. The first 20,000 are computed one by one, so that a small file
  // does not need all of them.
  Digest hash(std::int32_t cell_id) const;
  // Writes the hashes of some cells. Only these are computed, unless all of them are known.
  void hashes_of(std::span<const std::int32_t> cell_ids, std::span<Digest> digests,
                 int threads) const;

  // The tables of the two look-ups, for callers that do the look-ups themselves.
  std::span<const std::uint16_t> placement_of_matrix() const noexcept {
    return placement_of_matrix_;
  }
  std::span<const Placement> placements() const noexcept { return placements_; }
  std::span<const std::uint8_t> ranks() const noexcept { return ranks_; }

 private:
  friend class SearchSpaceBuilder;

  SearchSpace();

  std::vector<std::uint16_t> placement_of_matrix_;  // one for each of the 2^21 matrices
  std::vector<Placement> placements_;  // the first one is for matrices outside the space
  std::vector<std::uint8_t> ranks_;    // rows of 1024 ranks, by packed labels
  std::vector<Code> codes_;
  std::vector<std::uint32_t> parameters_;
  mutable std::atomic<int> num_single_hashes_{0};
  mutable Lazy<std::vector<Digest>> hashes_;
};

template <class Emit>
void SearchSpace::for_each_id(std::span<const Code> codes, Emit emit) const noexcept {
  constexpr std::size_t kBlock = 2048;   // codes; they stay in the L1 cache between the two passes
  constexpr std::size_t kDistance = 24;  // how many codes ahead to prefetch; 24 was the fastest
  std::array<Code, kBlock> copied;       // because another thread may change a code after the check
  for (std::size_t first = 0; first < codes.size(); first += kBlock) {
    const std::size_t end = std::min(first + kBlock, codes.size());
    std::uint32_t faults = 0;
    for (std::size_t i = first; i < end; ++i) {
      faults |= code_faults(copied[i - first] = codes[i]);
    }
    if (faults) {
      for (std::size_t i = first; i < end; ++i) emit(i, id(copied[i - first]));
      continue;
    }
    const std::size_t prefetched = std::min(end, codes.size() - std::min(kDistance, codes.size()));
    std::size_t i = first;
    for (; i < prefetched; ++i) {
      prefetch(codes[i + kDistance]);
      emit(i, id_of_faultless(copied[i - first]));
    }
    for (; i < end; ++i) emit(i, id_of_faultless(copied[i - first]));
  }
}

}  // namespace nb101
