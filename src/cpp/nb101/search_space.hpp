// The 423,624 cells: enumerated once in the official order, and found again by two table look-ups.
//
// A code's matrix leads to a placement (how a canonical structure lies in the 7x7 matrix): the id
// of the structure's first cell, and the row of ranks by which its labels count up from there.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nb101/cell.hpp"
#include "nb101/digest.hpp"
#include "nb101/parallel.hpp"

namespace nb101 {

inline constexpr std::int32_t kNumCells = 423624;
inline constexpr std::int32_t kNoCell = -1;

class SearchSpace {
 public:
  struct Placement {
    std::int32_t first_id;
    std::uint32_t ranks;  // where its row of 1024 starts
  };

  // Built at the first call, in about 60 ms.
  static const SearchSpace& instance();

  // The cell id after pruning and canonical form; kNoCell outside the space.
  std::int32_t id(Code code) const noexcept {
    return code_faults(code) ? kNoCell : id_of_faultless(code);
  }

  std::int32_t id_of_faultless(Code code) const noexcept {
    const Placement placement = placements_[placement_of_matrix_[code & kMatrixMask]];
    return placement.first_id + ranks_[placement.ranks + (code >> kMatrixBits)];
  }

  // What the look-up of this code will gather from first.
  void prefetch(Code code) const noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(&placement_of_matrix_[code & kMatrixMask]);
#else
    (void)code;
#endif
  }

  // Calls emit(i, id) for each code, in order. The hot loop of every batch query.
  template <class Emit>
  void for_each_id(std::span<const Code> codes, Emit emit) const noexcept;

  void ids(std::span<const Code> codes, std::int32_t* out, int threads) const;

  // By cell id. The representatives' packed codes and their trainable parameters.
  std::span<const Code> codes() const noexcept { return codes_; }
  std::span<const std::uint32_t> parameters() const noexcept { return parameters_; }
  // Computed at the first call: 25 million MD5 messages, on all processors.
  std::span<const Digest> hashes() const;
  // One of them: by itself as long as few were asked for, so that a small file stays cheap.
  Digest hash(std::int32_t cell_id) const;

  // The tables of the two look-ups, for those who gather from them by other means.
  std::span<const std::uint16_t> placement_of_matrix() const noexcept {
    return placement_of_matrix_;
  }
  std::span<const Placement> placements() const noexcept { return placements_; }
  std::span<const std::uint8_t> ranks() const noexcept { return ranks_; }

 private:
  friend class SearchSpaceBuilder;

  SearchSpace();

  std::vector<std::uint16_t> placement_of_matrix_;  // 2^21
  std::vector<Placement> placements_;               // [0]: outside the space
  std::vector<std::uint8_t> ranks_;                 // rows of 1024, by packed labels
  std::vector<Code> codes_;
  std::vector<std::uint32_t> parameters_;
  mutable std::atomic<int> num_single_hashes_{0};
  mutable std::atomic<const Digest*> all_hashes_{nullptr};  // once they are computed
};

template <class Emit>
void SearchSpace::for_each_id(std::span<const Code> codes, Emit emit) const noexcept {
  constexpr std::size_t kBlock = 2048;   // of codes, to stay in L1 between the two passes
  constexpr std::size_t kDistance = 24;  // prefetched ahead, measured
  for (std::size_t first = 0; first < codes.size(); first += kBlock) {
    const std::size_t end = std::min(first + kBlock, codes.size());
    std::uint32_t faults = 0;
    for (std::size_t i = first; i < end; ++i) faults |= code_faults(codes[i]);
    if (faults) {
      for (std::size_t i = first; i < end; ++i) emit(i, id(codes[i]));
      continue;
    }
    const std::size_t prefetched = std::min(end, codes.size() - std::min(kDistance, codes.size()));
    std::size_t i = first;
    for (; i < prefetched; ++i) {
      prefetch(codes[i + kDistance]);
      emit(i, id_of_faultless(codes[i]));
    }
    for (; i < end; ++i) emit(i, id_of_faultless(codes[i]));
  }
}

}  // namespace nb101
