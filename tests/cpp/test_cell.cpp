#include <doctest.h>

#include "nb101/cell.hpp"
#include "random_cells.hpp"

namespace nb101 {

TEST_CASE("the bits of a code are the upper triangle, row by row") {
  int bit = 0;
  for (int v = 0; v < kMaxVertices; ++v) {
    for (int w = v + 1; w < kMaxVertices; ++w, ++bit) {
      const Graph graph = unpack(Code{1} << bit);
      for (int other = 0; other < kMaxVertices; ++other) {
        CHECK(graph.successors[other] == (other == v ? 1u << w : 0u));
      }
    }
  }
  CHECK(bit == kMatrixBits);
}

TEST_CASE("labels follow the triangle, two bits each") {
  for (int v = 1; v <= kMaxInterior; ++v) {
    for (int label = 0; label < 4; ++label) {
      const Code code = label_bits(label, v);
      CHECK(code == static_cast<Code>(label) << (kMatrixBits + 2 * (v - 1)));
      CHECK(code_label(code | kMatrixMask, v) == label);
      CHECK(unpack(code).labels[v] == label);
    }
  }
}

TEST_CASE("a code is the same after unpacking and packing") {
  RandomCells random(1);
  for (int i = 0; i < 20'000; ++i) {
    const Code code = random.code();
    REQUIRE(pack(unpack(code)) == code);
  }
}

TEST_CASE("a smaller graph's output is the last of the seven vertices") {
  RandomCells random(2);
  for (int n = 2; n <= kMaxVertices; ++n) {
    for (int i = 0; i < 500; ++i) {
      const Graph graph = random.graph(n, 40);
      const Graph seven = unpack(pack(graph));
      const auto place = [n](int v) { return v + 1 == n ? kMaxVertices - 1 : v; };
      REQUIRE(num_edges(seven) == num_edges(graph));
      for (int v = 0; v < n; ++v) {
        REQUIRE(seven.labels[place(v)] == graph.labels[v]);
        for (int w = v + 1; w < n; ++w) {
          REQUIRE((seven.successors[place(v)] >> place(w) & 1) == (graph.successors[v] >> w & 1));
        }
      }
    }
  }
}

TEST_CASE("bit 31 and label 3 are faults for any edges") {
  CHECK(code_faults(0) == 0);
  CHECK(code_faults(kMatrixMask) == 0);
  CHECK(code_faults(kUnusedCodeBit) != 0);
  RandomCells random(3);
  for (int i = 0; i < 1000; ++i) {
    const Code code = random.code();
    REQUIRE(code_faults(code) == 0);
    REQUIRE(code_faults(code | kUnusedCodeBit) != 0);
    for (int v = 1; v <= kMaxInterior; ++v) REQUIRE(code_faults(code | label_bits(3, v)) != 0);
  }
}

}  // namespace nb101
