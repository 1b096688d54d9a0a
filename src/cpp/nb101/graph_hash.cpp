#include "nb101/graph_hash.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <string_view>
#include <vector>

#include "nb101/bytes.hpp"
#include "nb101/md5.hpp"

namespace nb101 {
namespace {

constexpr std::size_t kHex = 32;           // characters of a digest
constexpr std::size_t kGraphsAtOnce = 64;  // enough to fill the lanes, small enough for L2
constexpr std::int64_t kInputLabel = -1;
constexpr std::int64_t kOutputLabel = -2;

std::uint8_t* write_text(std::string_view text, std::uint8_t* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

std::uint8_t* write_number(std::int64_t number, std::uint8_t* to) {
  constexpr std::ptrdiff_t kMostDigits = 20;  // and sign, of 64 bits
  auto* const text = reinterpret_cast<char*>(to);
  return to + (std::to_chars(text, text + kMostDigits, number).ptr - text);
}

struct Vertex {
  Digest digest{};
  std::array<char, kHex> hex{};

  // As the text of the digests compares: no call for what the first eight bytes nearly always tell.
  bool operator<(const Vertex& other) const noexcept {
    const auto mine = swap_bytes(load<std::uint64_t>(digest.data()));
    const auto theirs = swap_bytes(load<std::uint64_t>(other.digest.data()));
    return mine != theirs ? mine < theirs : digest < other.digest;
  }
};

// One graph on its way: the vertices' hashes and the order of their text.
class Refinement {
 public:
  explicit Refinement(const Graph& graph) : graph_(&graph), n_(graph.num_vertices), vertices_(n_) {
    for (int v = 0; v < n_; ++v) {
      for (std::uint32_t rest = graph.successors[v]; rest; rest &= rest - 1) {
        predecessors_[std::countr_zero(rest)] |= 1u << v;
      }
    }
  }

  int num_vertices() const { return n_; }
  Digest* digest(int v) { return &vertices_[v].digest; }

  // Step 1: "(out_degree, in_degree, label)", as Python prints the tuple.
  std::size_t write_start(int v, std::uint8_t* to) const {
    const std::int64_t label = v == 0        ? kInputLabel
                               : v + 1 == n_ ? kOutputLabel
                                             : graph_->labels[v];
    std::uint8_t* const begin = to;
    *to++ = '(';
    to = write_number(std::popcount(graph_->successors[v]), to);
    to = write_text(", ", to);
    to = write_number(std::popcount(predecessors_[v]), to);
    to = write_text(", ", to);
    to = write_number(label, to);
    *to++ = ')';
    return static_cast<std::size_t>(to - begin);
  }

  // Step 2: the sorted hashes of in-neighbours, of out-neighbours, and the vertex's own.
  std::size_t write_round(int v, std::uint8_t* to) const {
    std::uint8_t* const begin = to;
    to = write_sorted(predecessors_[v], to);
    *to++ = '|';
    to = write_sorted(graph_->successors[v], to);
    *to++ = '|';
    std::memcpy(to, vertices_[v].hex.data(), kHex);
    return static_cast<std::size_t>(to + kHex - begin);
  }

  // Step 3: the sorted list of hashes, as Python prints it.
  std::size_t write_end(std::uint8_t* to) const {
    std::uint8_t* const begin = to;
    for (int i = 0; i < n_; ++i) {
      to = write_text(i ? ", '" : "['", to);
      std::memcpy(to, vertices_[order_[i]].hex.data(), kHex);
      to += kHex;
      *to++ = '\'';
    }
    *to++ = ']';
    return static_cast<std::size_t>(to - begin);
  }

  // Takes up the digests of a round: their text and its order.
  void settle() {
    for (int v = 0; v < n_; ++v) {
      write_hex(vertices_[v].digest, vertices_[v].hex.data());
      int place = v;
      while (place > 0 && vertices_[v] < vertices_[order_[place - 1]]) {
        order_[place] = order_[place - 1];
        --place;
      }
      order_[place] = static_cast<std::uint8_t>(v);
    }
  }

 private:
  std::uint8_t* write_sorted(std::uint32_t members, std::uint8_t* to) const {
    for (int i = 0; i < n_; ++i) {
      if (!(members >> order_[i] & 1)) continue;
      std::memcpy(to, vertices_[order_[i]].hex.data(), kHex);
      to += kHex;
    }
    return to;
  }

  const Graph* graph_;
  int n_;
  std::vector<Vertex> vertices_;
  std::array<std::uint32_t, kMaxGraphVertices> predecessors_{};
  std::array<std::uint8_t, kMaxGraphVertices> order_{};
};

// The messages of one round, in one growing buffer that the rounds share.
class MessageBatch {
 public:
  explicit MessageBatch(std::size_t capacity) : buffer_(capacity) {}

  template <class Write>  // Write: std::uint8_t* -> length
  void add(Write write, Digest* digest) {
    std::uint8_t* const to = buffer_.data() + used_;
    const std::size_t length = write(to);
    used_ += md5_padded_size(length);
    messages_.push_back({to, static_cast<std::uint32_t>(length), digest});
  }

  void run() {
    md5_many(messages_);
    messages_.clear();
    used_ = 0;
  }

 private:
  std::vector<std::uint8_t> buffer_;
  std::vector<Md5Message> messages_;
  std::size_t used_ = 0;
};

// Longest message of a graph of n vertices is its last: 36 characters a vertex.
std::size_t batch_capacity(std::span<const Graph> graphs) {
  std::size_t capacity = 0;
  for (const Graph& graph : graphs) {
    const auto n = static_cast<std::size_t>(graph.num_vertices);
    capacity += n * md5_padded_size((n + 2) * 36);
  }
  return capacity;
}

void hash_some(std::span<const Graph> graphs, std::span<Digest> digests) {
  std::vector<Refinement> refinements(graphs.begin(), graphs.end());
  MessageBatch batch(batch_capacity(graphs));
  int rounds = 0;
  for (Refinement& r : refinements) {
    rounds = std::max(rounds, r.num_vertices());
    for (int v = 0; v < r.num_vertices(); ++v) {
      batch.add([&](std::uint8_t* to) { return r.write_start(v, to); }, r.digest(v));
    }
  }
  batch.run();
  for (int round = 0; round <= rounds; ++round) {
    for (std::size_t i = 0; i < refinements.size(); ++i) {
      Refinement& r = refinements[i];
      if (round > r.num_vertices()) continue;
      r.settle();
      if (round == r.num_vertices()) {
        batch.add([&](std::uint8_t* to) { return r.write_end(to); }, &digests[i]);
        continue;
      }
      for (int v = 0; v < r.num_vertices(); ++v) {
        batch.add([&](std::uint8_t* to) { return r.write_round(v, to); }, r.digest(v));
      }
    }
    batch.run();
  }
}

}  // namespace

void hash_graphs(std::span<const Graph> graphs, std::span<Digest> digests) {
  for (std::size_t first = 0; first < graphs.size(); first += kGraphsAtOnce) {
    const std::size_t count = std::min(kGraphsAtOnce, graphs.size() - first);
    hash_some(graphs.subspan(first, count), digests.subspan(first, count));
  }
}

Digest graph_hash(const Graph& graph) {
  Digest digest;
  hash_graphs({&graph, 1}, {&digest, 1});
  return digest;
}

}  // namespace nb101
