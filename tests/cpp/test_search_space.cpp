#include <doctest.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <numeric>
#include <thread>

#include "nb101/canonical.hpp"
#include "nb101/graph_hash.hpp"
#include "nb101/prune.hpp"
#include "nb101/search_space.hpp"
#include "random_cells.hpp"

namespace nb101 {
namespace {

const SearchSpace& space() { return SearchSpace::instance(); }

// Returns the canonical forms of the representatives, by cell id.
const std::vector<CanonicalForm>& forms() {
  static const std::vector<CanonicalForm> all = [] {
    std::vector<CanonicalForm> forms;
    for (const Code code : space().codes()) forms.push_back(canonical_form(*prune(unpack(code))));
    return forms;
  }();
  return all;
}

std::int32_t plain_id(Code code) {
  if (code_faults(code)) return kNoCell;
  const auto graph = prune(unpack(code));
  if (!graph || num_edges(*graph) > kMaxEdges) return kNoCell;
  const auto found = std::ranges::lower_bound(forms(), canonical_form(*graph));
  return static_cast<std::int32_t>(found - forms().begin());
}

}  // namespace

TEST_CASE("threads that make the first call together get the same space") {
  std::vector<const SearchSpace*> seen(4);
  std::vector<std::thread> threads;
  for (auto& at : seen) threads.emplace_back([&at] { at = &SearchSpace::instance(); });
  for (std::thread& thread : threads) thread.join();
  CHECK(std::ranges::count(seen, seen[0]) == 4);
}

TEST_CASE("the space has 423,624 cells in the official order") {
  REQUIRE(space().codes().size() == kNumCells);
  std::array<int, kMaxVertices + 1> by_vertices{};
  for (const CanonicalForm& form : forms()) ++by_vertices[form.num_vertices];
  CHECK(by_vertices == std::array<int, 8>{0, 0, 1, 6, 84, 2'441, 62'010, 359'082});
  // The order is by vertices, then edge bits, then labels.
  CHECK(std::ranges::is_sorted(forms(), std::less_equal{}) == true);
  CHECK(std::ranges::adjacent_find(forms(), std::greater_equal{}) == forms().end());
}

TEST_CASE("the trainable parameters of the space have the known sum and range") {
  const auto parameters = space().parameters();
  REQUIRE(parameters.size() == kNumCells);
  CHECK(std::accumulate(parameters.begin(), parameters.end(), std::uint64_t{0}) ==
        3'583'758'170'075);
  CHECK(std::ranges::min(parameters) == 227'274);
  CHECK(std::ranges::max(parameters) == 49'979'274);
}

TEST_CASE("every representative has its own id") {
  std::vector<std::int32_t> ids(kNumCells);
  space().ids(space().codes(), ids.data(), 1);
  std::vector<std::int32_t> expected(kNumCells);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(ids == expected);
}

TEST_CASE("any code gets the id of its pruned, canonical form, with any number of threads") {
  RandomCells random(9);
  std::vector<Code> codes;
  std::vector<std::int32_t> expected;
  for (int i = 0; i < 50'000; ++i) {
    Code code = random.code();
    if (i > 20'000 && i % 1000 == 0) code |= label_bits(3, 1 + i / 1000 % kMaxInterior);
    if (i > 20'000 && i % 1500 == 0) code |= kUnusedCodeBit;
    codes.push_back(code);
    expected.push_back(plain_id(code));
  }
  CHECK(std::ranges::count(expected, kNoCell) > 1000);
  for (const int threads : {1, 2, 3, 8}) {
    std::vector<std::int32_t> ids(codes.size());
    space().ids(codes, ids.data(), threads);
    CHECK(ids == expected);
  }
  for (std::size_t i = 0; i < codes.size(); ++i) REQUIRE(space().id(codes[i]) == expected[i]);
}

TEST_CASE("batches of every size are right, with a faulty code at every place") {
  const auto codes = space().codes();
  for (std::size_t size = 0; size < 60; ++size) {
    std::vector<std::int32_t> ids(size + 1, 7);
    space().ids(codes.subspan(1000, size), ids.data(), 1);
    for (std::size_t i = 0; i < size; ++i) REQUIRE(ids[i] == static_cast<std::int32_t>(1000 + i));
    REQUIRE(ids[size] == 7);
  }
  std::vector<Code> batch(codes.begin(), codes.begin() + 60);
  for (std::size_t fault = 0; fault < batch.size(); ++fault) {
    batch[fault] |= kUnusedCodeBit;
    std::vector<std::int32_t> ids(batch.size());
    space().ids(batch, ids.data(), 1);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      REQUIRE(ids[i] == (i == fault ? kNoCell : static_cast<std::int32_t>(i)));
    }
    batch[fault] = codes[fault];
  }
}

TEST_CASE("a code is valid if it has an id, and not too many edges before pruning") {
  RandomCells random(3);
  std::vector<Code> codes;
  for (int i = 0; i < 5000; ++i) codes.push_back(random.code() | (i % 100 ? 0 : kUnusedCodeBit));
  for (const int most : {7, kMaxEdges, kMatrixBits}) {
    const auto valid = std::make_unique<bool[]>(codes.size());
    space().valid(codes, most, valid.get());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const bool is_sparse = std::popcount(codes[i] & kMatrixMask) <= most;
      REQUIRE(valid[i] == (space().id(codes[i]) != kNoCell && is_sparse));
    }
    CHECK(std::count(valid.get(), valid.get() + codes.size(), true) > 100);
  }
}

TEST_CASE("a dead vertex may have any label but 3") {
  const Code direct = Code{1} << (row_offset(0) + 5);  // the only edge is from input to output
  for (int label = 0; label < 3; ++label) CHECK(space().id(direct | label_bits(label, 4)) == 0);
  CHECK(space().id(direct | label_bits(3, 4)) == kNoCell);
  CHECK(space().id(0) == kNoCell);
  CHECK(space().id(kMatrixMask) == kNoCell);
}

TEST_CASE("the hashes of some cells are the same before and after those of all are known") {
  std::vector<std::int32_t> ids;
  for (std::int32_t id = kNumCells - 1; id >= 0; id -= 4999) ids.push_back(id);
  std::vector<Digest> before(ids.size());
  std::vector<Digest> after(ids.size());
  space().hashes_of(ids, before, 2);
  const auto all = space().hashes();
  space().hashes_of(ids, after, 2);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    REQUIRE(before[i] == all[static_cast<std::size_t>(ids[i])]);
    REQUIRE(after[i] == before[i]);
  }
}

TEST_CASE("the official hashes are right") {
  const auto hashes = space().hashes();
  REQUIRE(hashes.size() == kNumCells);
  for (std::size_t id = 0; id < hashes.size(); id += 997) {
    REQUIRE(hashes[id] == graph_hash(*prune(unpack(space().codes()[id]))));
  }
  CHECK(to_hex(std::ranges::min(hashes)) == "00005c142e6f48ac74fdcf73e3439874");

  const auto best = std::ranges::find(hashes, *digest_from_hex("02e5a0247bbdcf2860b7e96f74961594"));
  REQUIRE(best != hashes.end());
  CHECK(space().parameters()[static_cast<std::size_t>(best - hashes.begin())] == 32'426'634);
}

}  // namespace nb101
