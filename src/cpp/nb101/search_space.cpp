#include "nb101/search_space.hpp"

#include <bit>
#include <map>
#include <thread>
#include <tuple>
#include <utility>

#include "nb101/canonical.hpp"
#include "nb101/channels.hpp"
#include "nb101/graph_hash.hpp"
#include "nb101/numbered_array.hpp"
#include "nb101/op.hpp"
#include "nb101/prune.hpp"

namespace nb101 {
namespace {

constexpr std::size_t kRowLength = 1 << (2 * kMaxInterior);
constexpr int kMaxLabelings = 243;  // 3^5

using StructureKey = std::pair<int, std::uint32_t>;  // (vertices, bits), in the official order

// The labels of the interior vertices. Their number counts as itertools.product does: the label of
// the last vertex is the least significant digit.
using Labels = NumberedArray<unsigned, kMaxInterior>;

unsigned count_labelings(int interior) noexcept {
  unsigned count = 1;
  for (int i = 0; i < interior; ++i) count *= kNumOps;
  return count;
}

Labels labels_of(unsigned labeling, int interior) noexcept {
  Labels labels{};
  for (int i = interior - 1; i >= 0; --i, labeling /= kNumOps) labels[i] = labeling % kNumOps;
  return labels;
}

unsigned labeling_of(const Labels& labels, int interior) noexcept {
  unsigned labeling = 0;
  for (int i = 0; i < interior; ++i) labeling = labeling * kNumOps + labels[i];
  return labeling;
}

Labels relabeled(const Labels& labels, const Relabeling& relabeling, int interior) noexcept {
  Labels result{};
  for (int i = 0; i < interior; ++i) result[relabeling[i]] = labels[i];
  return result;
}

// Labelings of a structure are in the same orbit if an automorphism maps one to the other. The
// orbits are numbered in the order of their least labelings.
struct Orbits {
  std::vector<std::uint8_t> rank_of_labeling;
  std::vector<unsigned> least_labelings;
};

Orbits count_orbits(const CanonicalStructure& structure) {
  constexpr std::uint8_t kUnset = kMaxLabelings;
  const int interior = structure.num_vertices - 2;
  Orbits orbits;
  orbits.rank_of_labeling.assign(count_labelings(interior), kUnset);
  for (unsigned labeling = 0; labeling < count_labelings(interior); ++labeling) {
    if (orbits.rank_of_labeling[labeling] != kUnset) continue;
    const Labels labels = labels_of(labeling, interior);
    for (const Relabeling& automorphism : structure.relabelings) {
      const unsigned image = labeling_of(relabeled(labels, automorphism, interior), interior);
      orbits.rank_of_labeling[image] = static_cast<std::uint8_t>(orbits.least_labelings.size());
    }
    orbits.least_labelings.push_back(labeling);
  }
  return orbits;
}

// A pruned matrix, the bits of its live vertices among the seven, and its canonical structure.
struct PlacedMatrix {
  std::uint32_t matrix;
  std::uint32_t live;
  CanonicalStructure structure;
};

std::uint32_t live_of_matrix(std::uint32_t matrix) noexcept {
  return live_vertices(unpack(matrix).successors.data(), kMaxVertices);
}

void hash_in_parallel(std::span<const Code> codes, std::span<Digest> digests, int threads) {
  parallel_for(codes.size(), threads, [&](std::size_t begin, std::size_t end) {
    hash_codes(codes.subspan(begin, end - begin), digests.subspan(begin, end - begin));
  });
}

}  // namespace

class SearchSpaceBuilder {
 public:
  explicit SearchSpaceBuilder(SearchSpace& space) : space_(space) {}

  void build() {
    place_matrices();
    enumerate_cells();
    fill_placements();
  }

 private:
  struct Structure {
    std::int32_t first_id = 0;
    Orbits orbits;
  };

  // Finds every matrix that pruning does not change. The others have the placement of their pruned
  // form.
  void place_matrices() {
    space_.placement_of_matrix_.assign(std::size_t{1} << kMatrixBits, 0);
    for (std::uint32_t matrix = 1; matrix <= kMatrixMask; ++matrix) {
      const std::uint32_t pruned = prune_matrix(matrix);
      if (pruned == 0 || std::popcount(pruned) > kMaxEdges) continue;
      if (pruned == matrix) {
        const std::uint32_t live = live_of_matrix(matrix);
        const Graph graph = keep_vertices(unpack(matrix), live);
        placed_.push_back({matrix, live, canonical_structure(graph)});
        space_.placement_of_matrix_[matrix] = static_cast<std::uint16_t>(placed_.size());
      } else {  // pruning only clears bits, so the pruned matrix is smaller and came before
        space_.placement_of_matrix_[matrix] = space_.placement_of_matrix_[pruned];
      }
    }
  }

  // Goes through the graphs in the order of the official generator: by vertices, then edge bits,
  // then labelings. The first graph of each isomorphism class represents the cell.
  void enumerate_cells() {
    for (const PlacedMatrix& placed : placed_) {
      structures_.try_emplace({placed.structure.num_vertices, placed.structure.bits});
    }
    space_.codes_.reserve(kNumCells);
    space_.parameters_.reserve(kNumCells);
    for (auto& [key, structure] : structures_) {
      Graph graph = structure_graph(key.first, key.second);
      structure.first_id = static_cast<std::int32_t>(space_.codes_.size());
      structure.orbits = count_orbits(canonical_structure(graph));
      const ParameterCounter parameters(graph);
      const int interior = key.first - 2;
      for (const unsigned labeling : structure.orbits.least_labelings) {
        const Labels labels = labels_of(labeling, interior);
        for (int i = 0; i < interior; ++i) graph.labels[i + 1] = labels[i];
        space_.codes_.push_back(pack(graph));
        space_.parameters_.push_back(static_cast<std::uint32_t>(parameters.count(graph)));
      }
    }
  }

  void fill_placements() {
    space_.placements_.push_back({kNoCell, 0});
    space_.ranks_.assign(kRowLength, 0);
    for (const PlacedMatrix& placed : placed_) {
      const Structure& structure =
          structures_.at({placed.structure.num_vertices, placed.structure.bits});
      space_.placements_.push_back({structure.first_id, rank_row(placed, structure)});
    }
  }

  // Returns where the row of ranks starts. Many placements have the same row, which is stored once.
  std::uint32_t rank_row(const PlacedMatrix& placed, const Structure& structure) {
    const Relabeling& relabeling = placed.structure.relabelings.front();
    const RowKey key{placed.live, relabeling, structure.orbits.rank_of_labeling};
    const auto [known, is_new] =
        rows_.try_emplace(key, static_cast<std::uint32_t>(space_.ranks_.size()));
    if (is_new) append_rank_row(placed, structure);
    return known->second;
  }

  void append_rank_row(const PlacedMatrix& placed, const Structure& structure) {
    const int interior = placed.structure.num_vertices - 2;
    for (std::uint32_t packed = 0; packed < kRowLength; ++packed) {
      const Code code = packed << kMatrixBits;
      if (code_faults(code)) {  // never read, because faulty codes are refused before
        space_.ranks_.push_back(0);
        continue;
      }
      Labels labels{};
      int i = 0;
      for (int v = 1; v <= kMaxInterior; ++v) {
        if (placed.live >> v & 1) labels[i++] = static_cast<unsigned>(code_label(code, v));
      }
      const Labels canonical = relabeled(labels, placed.structure.relabelings.front(), interior);
      space_.ranks_.push_back(structure.orbits.rank_of_labeling[labeling_of(canonical, interior)]);
    }
  }

  using RowKey = std::tuple<std::uint32_t, Relabeling, std::vector<std::uint8_t>>;

  SearchSpace& space_;
  std::vector<PlacedMatrix> placed_;
  std::map<StructureKey, Structure> structures_;
  std::map<RowKey, std::uint32_t> rows_;
};

SearchSpace::SearchSpace() { SearchSpaceBuilder(*this).build(); }

const SearchSpace& SearchSpace::instance() {
  constinit static Lazy<SearchSpace> space;
  return space.get([] { return SearchSpace(); });
}

void SearchSpace::ids(std::span<const Code> codes, std::int32_t* out, int threads) const {
  parallel_for(codes.size(), threads, [&](std::size_t begin, std::size_t end) {
    std::int32_t* const part = out + begin;
    for_each_id(codes.subspan(begin, end - begin),
                [part](std::size_t i, std::int32_t id) { part[i] = id; });
  });
}

void SearchSpace::valid(std::span<const Code> codes, int max_raw_edges, bool* out) const noexcept {
  for_each_id(codes, [=](std::size_t i, std::int32_t id) {
    out[i] = id != kNoCell && std::popcount(codes[i] & kMatrixMask) <= max_raw_edges;
  });
}

Digest SearchSpace::hash(std::int32_t cell_id) const {
  constexpr int kManySingles = 20000;  // all hashes take as long as about 100,000 single ones
  const auto place = static_cast<std::size_t>(cell_id);
  if (const std::vector<Digest>* const all = hashes_.if_made()) return (*all)[place];
  // Most files have the runs of a cell together, so the last hash is often asked for again.
  thread_local std::int32_t last_id = kNoCell;
  thread_local Digest last;
  if (cell_id == last_id) return last;
  if (num_single_hashes_.fetch_add(1, std::memory_order_relaxed) >= kManySingles) {
    return hashes()[place];
  }
  last = graph_hash(*prune(unpack(codes_[place])));
  last_id = cell_id;
  return last;
}

void SearchSpace::hashes_of(std::span<const std::int32_t> cell_ids, std::span<Digest> digests,
                            int threads) const {
  if (const std::vector<Digest>* const all = hashes_.if_made()) {
    std::ranges::transform(cell_ids, digests.begin(),
                           [&](auto id) { return (*all)[static_cast<std::size_t>(id)]; });
    return;
  }
  std::vector<Code> codes(cell_ids.size());
  std::ranges::transform(cell_ids, codes.begin(),
                         [&](auto id) { return codes_[static_cast<std::size_t>(id)]; });
  hash_in_parallel(codes, digests, threads);
}

std::span<const Digest> SearchSpace::hashes() const {
  return hashes_.get([this] {
    std::vector<Digest> all(codes_.size());
    hash_in_parallel(codes_, all, static_cast<int>(std::thread::hardware_concurrency()));
    return all;
  });
}

}  // namespace nb101
