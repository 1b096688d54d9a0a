// The neighbours of a cell are the cells that a change of one edge or one label leads to after
// pruning.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "nb101/change.hpp"

namespace nb101 {

// The neighbours of one code: ascending cell ids without that of the code itself.
class Neighbors {
 public:
  explicit Neighbors(Code code);

  std::span<const std::int32_t> ids() const noexcept { return {ids_.data(), count_}; }

 private:
  std::array<std::int32_t, kNumSingleChanges> ids_;
  std::size_t count_ = 0;
};

// The neighbours of all cells. Those of cell i are ids[starts[i]] .. ids[starts[i + 1] - 1]. They
// are the neighbours of its representative.
struct NeighborTable {
  std::vector<std::int64_t> starts;
  std::vector<std::int32_t> ids;
};

NeighborTable neighbor_table(int threads);

}  // namespace nb101
