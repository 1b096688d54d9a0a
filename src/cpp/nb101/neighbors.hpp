// Neighbours: the cells that one change of an edge or a label leads to, once pruned.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "nb101/change.hpp"

namespace nb101 {

// Of one code: cell ids, ascending, without its own.
class Neighbors {
 public:
  explicit Neighbors(Code code) noexcept;

  std::span<const std::int32_t> ids() const noexcept { return {ids_.data(), count_}; }

 private:
  std::array<std::int32_t, kNumSingleChanges> ids_;
  std::size_t count_ = 0;
};

// Of the representatives, by cell id: ids[starts[i]] .. ids[starts[i + 1] - 1] are cell i's.
struct NeighborTable {
  std::vector<std::int64_t> starts;
  std::vector<std::int32_t> ids;
};

NeighborTable neighbor_table(int threads);

}  // namespace nb101
