#include "nb101/neighbors.hpp"

#include <algorithm>
#include <utility>

#include "nb101/parallel.hpp"
#include "nb101/search_space.hpp"

namespace nb101 {
namespace {

// The neighbours of consecutive cells, and how many neighbours each cell has.
struct Part {
  std::vector<std::int32_t> counts;
  std::vector<std::int32_t> ids;
};

Part neighbors_of(std::span<const Code> codes) {
  constexpr std::size_t kAverage = 19;  // a cell has 18.07 neighbours on average
  Part part;
  part.counts.reserve(codes.size());
  part.ids.reserve(kAverage * codes.size());
  for (const Code code : codes) {
    const Neighbors neighbors(code);
    part.counts.push_back(static_cast<std::int32_t>(neighbors.ids().size()));
    part.ids.insert(part.ids.end(), neighbors.ids().begin(), neighbors.ids().end());
  }
  return part;
}

}  // namespace

Neighbors::Neighbors(Code code) {
  const SearchSpace& space = SearchSpace::instance();
  const std::int32_t own = space.id(code);
#pragma GCC unroll 31
  for (const Code change : kSingleChanges) {
    const std::int32_t id = space.id(changed(code, change));
    ids_[count_] = id;
    count_ += id != kNoCell && id != own;
  }
  const auto end = ids_.begin() + static_cast<std::ptrdiff_t>(count_);
  std::sort(ids_.begin(), end);
  count_ = static_cast<std::size_t>(std::unique(ids_.begin(), end) - ids_.begin());
}

NeighborTable neighbor_table(int threads) {
  const std::span<const Code> codes = SearchSpace::instance().codes();
  std::vector<Part> parts(
      std::min(static_cast<std::size_t>(threads), codes.size() / kSmallestQueryPart));
  const auto bound = [&](std::size_t part) { return codes.size() * part / parts.size(); };
  const auto fill = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      parts[i] = neighbors_of(codes.subspan(bound(i), bound(i + 1) - bound(i)));
    }
  };
  parallel_for(parts.size(), threads, fill, 1);

  NeighborTable table{{0}, std::move(parts.front().ids)};
  table.starts.reserve(codes.size() + 1);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) table.ids.insert(table.ids.end(), parts[i].ids.begin(), parts[i].ids.end());
    for (const std::int32_t count : parts[i].counts) {
      table.starts.push_back(table.starts.back() + count);
    }
  }
  return table;
}

}  // namespace nb101
