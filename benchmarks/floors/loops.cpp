// Looks cells up in a plain way, with three tables and one loop, and without prefetching or
// unrolling by hand. It shares no code with the package, so equal answers show that both are right.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

namespace {

constexpr int kVertices = 7;
constexpr int kMaxEdges = 9;
constexpr int kMatrixBits = 21;
constexpr int kLabelRow = 1024;  // five labels of two bits have 1024 values
constexpr std::uint32_t kMatrixMask = (1u << kMatrixBits) - 1;
constexpr std::uint32_t kOutside = 0xffffffff;

using Order = std::vector<int>;  // vertices in a new order; input and output stay at the ends

struct Graph {
  bool edge[kVertices][kVertices] = {};
};

struct Canonical {
  std::uint32_t bits;
  Order order;
};

// The bits of `matrix` are the upper triangle, row by row.
Graph unpack(std::uint32_t matrix) {
  Graph graph;
  for (int v = 0; v < kVertices; ++v) {
    for (int w = v + 1; w < kVertices; ++w, matrix >>= 1) graph.edge[v][w] = matrix & 1;
  }
  return graph;
}

// Returns the vertices on a path from input to output, or nothing if there is no such path.
Order live_vertices(const Graph& graph) {
  std::array<bool, kVertices> reached{true};
  std::array<bool, kVertices> reaching{};
  reaching[kVertices - 1] = true;
  for (int v = 0; v < kVertices; ++v) {
    for (int w = v + 1; w < kVertices; ++w) reached[w] |= reached[v] && graph.edge[v][w];
  }
  for (int v = kVertices - 1; v >= 0; --v) {
    for (int w = v + 1; w < kVertices; ++w) reaching[v] |= reaching[w] && graph.edge[v][w];
  }
  Order live;
  for (int v = 0; v < kVertices; ++v) {
    if (reached[v] && reaching[v]) live.push_back(v);
  }
  return reaching[0] ? live : Order{};
}

// Returns the edge bits of the official generator for the graph with its vertices in this order, or
// kOutside if an edge would go backwards.
std::uint32_t ordered_bits(const Graph& graph, const Order& order) {
  std::uint32_t bits = 0;
  for (int y = 0; y < static_cast<int>(order.size()); ++y) {
    for (int x = 0; x < y; ++x) {
      if (graph.edge[order[y]][order[x]]) return kOutside;
      if (graph.edge[order[x]][order[y]]) bits |= 1u << (x + y * (y - 1) / 2);
    }
  }
  return bits;
}

Canonical canonical(const Graph& graph, Order order) {
  Canonical best{ordered_bits(graph, order), order};
  while (std::next_permutation(order.begin() + 1, order.end() - 1)) {
    const std::uint32_t bits = ordered_bits(graph, order);
    if (bits < best.bits) best = {bits, order};
  }
  return best;
}

// Returns the code of a canonical graph of n vertices. In the code, the interior vertices are
// 1..n-2 and the output is vertex 6.
std::uint32_t pack(int num_vertices, std::uint32_t bits, int label_code) {
  const auto place = [&](int v) { return v + 1 == num_vertices ? kVertices - 1 : v; };
  std::uint32_t code = 0;
  for (int y = 1; y < num_vertices; ++y) {
    for (int x = 0; x < y; ++x) {
      const int row_start = place(x) * (13 - place(x)) / 2;
      const std::uint32_t edge = bits >> (x + y * (y - 1) / 2) & 1;
      code |= edge << (row_start + place(y) - place(x) - 1);
    }
  }
  for (int v = num_vertices - 2; v >= 1; --v, label_code /= 3) {
    code |= static_cast<std::uint32_t>(label_code % 3) << (kMatrixBits + 2 * (v - 1));
  }
  return code;
}

int power_of_three(std::size_t exponent) { return exponent ? 3 * power_of_three(exponent - 1) : 1; }

class TableBuilder {
 public:
  TableBuilder(std::uint8_t* label_codes, std::uint32_t* slot_codes)
      : label_codes_(label_codes), slot_codes_(slot_codes) {}

  // Returns where the structure's slots start and, in the lowest eight bits, its row of label
  // codes.
  std::uint32_t place(std::uint32_t matrix) {
    const Graph graph = unpack(matrix);
    const Order live = live_vertices(graph);
    if (live.empty()) return kOutside;
    const std::uint32_t bits = ordered_bits(graph, live);
    if (std::popcount(bits) > kMaxEdges) return kOutside;
    const auto [known, is_new] = places_.try_emplace({live, bits});
    if (is_new) {
      const Canonical form = canonical(graph, live);
      known->second = first_slot(form) << 8 | permutation(form.order);
    }
    return known->second;
  }

  int num_permutations() const { return static_cast<int>(permutations_.size()); }
  int num_slots() const { return num_slots_; }

 private:
  std::uint32_t first_slot(const Canonical& form) {
    const int n = static_cast<int>(form.order.size());
    const auto [known, is_new] = first_slots_.try_emplace({n, form.bits}, num_slots_);
    if (is_new) {
      for (int code = 0; code < power_of_three(form.order.size() - 2); ++code) {
        slot_codes_[num_slots_++] = pack(n, form.bits, code);
      }
    }
    return static_cast<std::uint32_t>(known->second);
  }

  // Returns the row of label codes for an order of some vertices. Each order has one row. The label
  // 3 is read as 0.
  std::uint32_t permutation(const Order& order) {
    const int number = num_permutations();
    const auto [known, is_new] = permutations_.try_emplace(order, number);
    for (int labels = 0; is_new && labels < kLabelRow; ++labels) {
      int code = 0;
      for (std::size_t i = 1; i + 1 < order.size(); ++i) {
        code = 3 * code + (labels >> 2 * (order[i] - 1) & 3) % 3;
      }
      label_codes_[number * kLabelRow + labels] = static_cast<std::uint8_t>(code);
    }
    return static_cast<std::uint32_t>(known->second);
  }

  std::uint8_t* label_codes_;
  std::uint32_t* slot_codes_;
  int num_slots_ = 0;
  std::map<std::pair<Order, std::uint32_t>, std::uint32_t> places_;
  std::map<std::pair<int, std::uint32_t>, int> first_slots_;
  std::map<Order, int> permutations_;
};

struct Tables {
  const std::uint32_t* places;      // by matrix
  const std::uint8_t* label_codes;  // by permutation and packed labels
  const std::int32_t* ids;          // by slot

  std::int32_t id(std::uint32_t code) const {
    const std::uint32_t place = places[code & kMatrixMask];
    if (place == kOutside) return -1;
    return ids[(place >> 8) + label_codes[(place & 255) * kLabelRow + (code >> kMatrixBits)]];
  }
};

std::uint32_t encode(const std::uint8_t* matrix, const std::uint8_t* labels) {
  std::uint32_t code = 0;
  int bit = 0;
  for (int v = 0; v < kVertices; ++v) {
    for (int w = v + 1; w < kVertices; ++w) {
      code |= static_cast<std::uint32_t>(matrix[kVertices * v + w] != 0) << bit++;
    }
  }
  for (int i = 0; i < kVertices - 2; ++i, bit += 2) {
    code |= static_cast<std::uint32_t>(labels[i]) << bit;
  }
  return code;
}

constexpr int kProbeBits = 20;  // the 423,624 hashes have 2^20 places

std::uint64_t first_place(const std::uint8_t* hash) {
  std::uint64_t word;
  std::memcpy(&word, hash, sizeof word);
  return word >> (64 - kProbeBits);
}

std::uint64_t next_place(std::uint64_t place) { return (place + 1) & ((1u << kProbeBits) - 1); }

}  // namespace

extern "C" {

// Fills 2^21 places, up to 256 rows of 1024 label codes, and the code of every slot. The caller
// turns the slot codes into ids. Returns the number of slots and writes the number of rows to
// *num_permutations.
int build_tables(std::uint32_t* places, std::uint8_t* label_codes, std::uint32_t* slot_codes,
                 int* num_permutations) {
  TableBuilder builder(label_codes, slot_codes);
  for (std::uint32_t matrix = 0; matrix <= kMatrixMask; ++matrix) {
    places[matrix] = builder.place(matrix);
  }
  *num_permutations = builder.num_permutations();
  return builder.num_slots();
}

void cell_ids(const Tables* tables, const std::uint32_t* codes, std::int64_t count,
              std::int32_t* ids) {
  for (std::int64_t i = 0; i < count; ++i) ids[i] = tables->id(codes[i]);
}

void metric(const Tables* tables, const std::uint16_t* column, float denominator,
            const std::uint32_t* codes, std::int64_t count, float* values) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t id = tables->id(codes[i]);
    values[i] = id < 0 ? __builtin_nanf("") : static_cast<float>(column[id]) / denominator;
  }
}

void gather(const float* table, const std::int32_t* ids, std::int64_t count, float* values) {
  for (std::int64_t i = 0; i < count; ++i) values[i] = table[ids[i]];
}

// Checks nothing, so a faulty matrix gets an arbitrary answer.
void matrix_ids(const Tables* tables, const std::uint8_t* matrices, const std::uint8_t* labels,
                std::int64_t count, std::int32_t* ids) {
  for (std::int64_t i = 0; i < count; ++i) {
    ids[i] = tables->id(encode(matrices + 49 * i, labels + 5 * i));
  }
}

// Fills a hash table with linear probing. `rows` has 2^20 places, and an empty place holds -1.
void build_probing(const std::uint8_t* hashes, std::int32_t count, std::int32_t* rows) {
  std::fill_n(rows, 1 << kProbeBits, -1);
  for (std::int32_t row = 0; row < count; ++row) {
    std::uint64_t place = first_place(hashes + 16 * row);
    while (rows[place] >= 0) place = next_place(place);
    rows[place] = row;
  }
}

void find(const std::uint8_t* hashes, const std::int32_t* rows, const std::uint8_t* keys,
          std::int64_t count, std::int32_t* found) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint8_t* const key = keys + 16 * i;
    std::uint64_t place = first_place(key);
    while (rows[place] >= 0 && std::memcmp(hashes + 16 * rows[place], key, 16) != 0) {
      place = next_place(place);
    }
    found[i] = rows[place];
  }
}

}  // extern "C"
