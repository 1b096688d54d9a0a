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
#include "nb101/numbered_array.hpp"
#include "nb101/prune.hpp"

namespace nb101 {
namespace {

constexpr std::size_t kHex = 32;           // characters in the text of a digest
constexpr std::size_t kGraphsAtOnce = 64;  // fills the lanes of MD5, and its texts fit the L2 cache
constexpr std::int64_t kInputLabel = -1;
constexpr std::int64_t kOutputLabel = -2;

std::uint8_t* write_text(std::string_view text, std::uint8_t* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

std::uint8_t* write_number(std::int64_t number, std::uint8_t* to) {
  constexpr std::ptrdiff_t kMostDigits = 20;  // 19 digits and a sign
  auto* const text = reinterpret_cast<char*>(to);
  return to + (std::to_chars(text, text + kMostDigits, number).ptr - text);
}

// A digest as two numbers whose order is that of its text.
struct DigestOrder {
  std::uint64_t high;
  std::uint64_t low;

  static DigestOrder of(const Digest& digest) noexcept {
    return {swap_bytes(load<std::uint64_t>(digest.data())),
            swap_bytes(load<std::uint64_t>(digest.data() + 8))};
  }

  // Uses & and | because the processor could not predict the jumps of && and ||.
  bool operator<(const DigestOrder& other) const noexcept {
    return (high < other.high) | ((high == other.high) & (low < other.low));
  }
};

// A graph whose labels are being refined. It holds the digests of the vertices, and their texts in
// sorted order. A vertex's place is its position in this order.
class Refinement {
 public:
  explicit Refinement(const Graph& graph)
      : graph_(&graph), n_(graph.num_vertices), digests_(count()), texts_(count()) {
    for (int v = 0; v < n_; ++v) {
      for (std::uint32_t rest = graph.successors[v]; rest; rest &= rest - 1) {
        predecessors_[std::countr_zero(rest)] |= 1u << v;
      }
    }
  }

  int num_vertices() const { return n_; }
  Digest* digest(int v) { return &digests_[static_cast<std::size_t>(v)]; }

  // Step 1 hashes "(out_degree, in_degree, label)", as Python prints the tuple. Returns the length.
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

  // Step 2 hashes the sorted hashes of the predecessors, those of the successors, and the vertex's
  // own hash. Returns the length, and may write up to kHex bytes beyond it.
  std::size_t write_round(int v, std::uint8_t* to) const {
    std::uint8_t* const begin = to;
    to = write_sorted(predecessors_[v], to);
    *to++ = '|';
    to = write_sorted(graph_->successors[v], to);
    *to++ = '|';
    std::memcpy(to, texts_[places_[static_cast<std::size_t>(v)]].data(), kHex);
    return static_cast<std::size_t>(to + kHex - begin);
  }

  // Step 3 hashes the sorted list of hashes, as Python prints it. Returns the length.
  std::size_t write_end(std::uint8_t* to) const {
    std::uint8_t* const begin = to;
    for (std::size_t place = 0; place < count(); ++place) {
      to = write_text(place ? ", '" : "['", to);
      std::memcpy(to, texts_[place].data(), kHex);
      to += kHex;
      *to++ = '\'';
    }
    *to++ = ']';
    return static_cast<std::size_t>(to - begin);
  }

  // Sorts the texts of the digests that the last round computed, and notes the place of each
  // vertex.
  void settle() {
    std::array<DigestOrder, kMaxGraphVertices> orders;
    // A place is the number of vertices that come before.
    for (std::size_t v = 0; v < count(); ++v) {
      orders[v] = DigestOrder::of(digests_[v]);
      places_[v] = 0;
      for (std::size_t w = 0; w < v; ++w) {
        const bool comes_before = orders[v] < orders[w];
        places_[w] += comes_before;
        places_[v] += !comes_before;
      }
    }
    for (std::size_t v = 0; v < count(); ++v) {
      vertices_[places_[v]] = static_cast<std::uint8_t>(v);
      write_hex(digests_[v], texts_[places_[v]].data());
    }
  }

 private:
  using Text = std::array<char, kHex>;

  std::size_t count() const { return static_cast<std::size_t>(n_); }

  // Writes the text of every vertex, and overwrites it by the next one if the vertex is not a
  // member. This avoids a jump, which the processor could not predict.
  std::uint8_t* write_sorted(std::uint32_t members, std::uint8_t* to) const {
    const std::uint8_t* vertex = vertices_.data();
    for (const Text& text : texts_) {
      std::memcpy(to, text.data(), kHex);
      to += kHex * (members >> *vertex++ & 1);
    }
    return to;
  }

  const Graph* graph_;
  int n_;
  std::vector<Digest> digests_;                             // by vertex
  std::vector<Text> texts_;                                 // by place
  std::array<std::uint8_t, kMaxGraphVertices> places_{};    // by vertex
  std::array<std::uint8_t, kMaxGraphVertices> vertices_{};  // by place
  NumberedArray<std::uint32_t, kMaxGraphVertices> predecessors_{};
};

// The messages of one round. All rounds of all graphs use the same buffer.
class MessageBatch {
 public:
  // Must not be called between add and run.
  void make_room(std::size_t capacity) {
    if (buffer_.size() < capacity + kHex) buffer_.resize(capacity + kHex);
  }

  // Calls write(std::uint8_t* to), which writes a message and returns its length. It may write up
  // to kHex bytes more than that.
  template <class Write>
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

// Returns a buffer size that is enough for each round. The last message has 36 characters for each
// vertex, and the messages of a round have at most n + 1 hashes of 32 characters and two others.
std::size_t batch_capacity(std::span<const Graph> graphs) {
  std::size_t capacity = 0;
  for (const Graph& graph : graphs) {
    const auto n = static_cast<std::size_t>(graph.num_vertices);
    capacity += n * md5_padded_size((n + 2) * 36);
  }
  return capacity;
}

void hash_some(std::span<const Graph> graphs, std::span<Digest> digests, MessageBatch& batch) {
  std::vector<Refinement> refinements(graphs.begin(), graphs.end());
  batch.make_room(batch_capacity(graphs));
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
  MessageBatch batch;
  for (std::size_t first = 0; first < graphs.size(); first += kGraphsAtOnce) {
    const std::size_t count = std::min(kGraphsAtOnce, graphs.size() - first);
    hash_some(graphs.subspan(first, count), digests.subspan(first, count), batch);
  }
}

void hash_codes(std::span<const Code> codes, std::span<Digest> digests) {
  std::vector<Graph> graphs;
  MessageBatch batch;
  for (std::size_t first = 0; first < codes.size(); first += kGraphsAtOnce) {
    const std::size_t count = std::min(kGraphsAtOnce, codes.size() - first);
    graphs.clear();
    for (const Code code : codes.subspan(first, count)) graphs.push_back(*prune(unpack(code)));
    hash_some(graphs, digests.subspan(first, count), batch);
  }
}

Digest graph_hash(const Graph& graph) {
  Digest digest;
  hash_graphs({&graph, 1}, {&digest, 1});
  return digest;
}

}  // namespace nb101
