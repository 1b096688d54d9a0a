#include <doctest.h>

#include <array>
#include <bit>
#include <vector>

#include "nb101/change.hpp"
#include "nb101/mutation.hpp"
#include "nb101/sampling.hpp"
#include "nb101/search_space.hpp"
#include "simd_levels.hpp"

namespace nb101 {
namespace {

constexpr std::array kMutations = {Mutation::parameter, Mutation::notebook, Mutation::naszilla,
                                   Mutation::naslib, Mutation::pruned};

std::vector<Code> sampled(Sampling sampling, std::size_t count) {
  std::vector<Code> codes(count);
  sample(sampling, 3, codes);
  return codes;
}

std::vector<Code> mutated(Mutation mutation, std::span<const Code> parents, double rate = 1) {
  std::vector<Code> children(parents.size() + 1, 7);
  Mutator(mutation, rate)(parents, 5, children.data());
  CHECK(children.back() == 7);
  children.pop_back();
  return children;
}

}  // namespace

TEST_CASE("a change flips edges and adds to labels modulo 3") {
  const std::vector<Code> codes = sampled(Sampling::all, 2000);
  for (std::size_t i = 0; i + 1 < codes.size(); ++i) {
    const Code result = changed(codes[i], codes[i + 1]);
    REQUIRE((result & kMatrixMask) == ((codes[i] ^ codes[i + 1]) & kMatrixMask));
    for (int v = 1; v <= kMaxInterior; ++v) {
      const int sum = code_label(codes[i], v) + code_label(codes[i + 1], v);
      REQUIRE(code_label(result, v) == sum % 3);
    }
    REQUIRE(code_faults(result) == 0);
  }
}

TEST_CASE("children are cells, and they are the same in every batch and instruction set") {
  const SearchSpace& space = SearchSpace::instance();
  const std::vector<Code> parents = sampled(Sampling::raw, 5000);
  for (const Mutation mutation : kMutations) {
    const std::vector<Code> children = mutated(mutation, parents);
    at_every_simd_level([&] { CHECK(mutated(mutation, parents) == children); });
    for (const std::size_t size : {0, 1, 7, 1023, 1024, 1025}) {
      const std::vector<Code> fewer = mutated(mutation, std::span(parents).first(size));
      CHECK(std::equal(fewer.begin(), fewer.end(), children.begin()));
    }
    if (!needs_valid_parent(mutation)) continue;
    for (const Code child : children) REQUIRE(space.id(child) != kNoCell);
  }
}

TEST_CASE("the mutation `parameter` changes one parameter") {
  const std::vector<Code> parents = sampled(Sampling::all, 5000);
  const std::vector<Code> children = mutated(Mutation::parameter, parents);
  for (std::size_t i = 0; i < parents.size(); ++i) {
    const Code different = parents[i] ^ children[i];
    const Code labels = (different | different >> 1) & kLowLabelBits;
    REQUIRE(std::popcount((different & kMatrixMask) | labels) == 1);
  }
}

TEST_CASE("a code that no single change can change stays the same") {
  const Code direct = Code{1} << (row_offset(0) + 5);
  const std::vector<Code> alone(100, direct | label_bits(2, 4) | Code{1} << row_offset(2));
  CHECK(mutated(Mutation::pruned, alone) == alone);
}

}  // namespace nb101
