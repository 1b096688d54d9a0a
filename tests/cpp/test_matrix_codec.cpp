#include <doctest.h>

#include <vector>

#include "nb101/matrix_codec.hpp"
#include "random_cells.hpp"
#include "simd_levels.hpp"

namespace nb101 {
namespace {

struct Batch {
  std::vector<Code> codes;
  std::vector<std::uint8_t> matrices;
  std::vector<std::uint8_t> labels;

  explicit Batch(std::size_t count) : matrices(count * kMatrixSize), labels(count * kMaxInterior) {
    RandomCells random(13);
    for (std::size_t i = 0; i < count; ++i) codes.push_back(random.code());
    decode_codes(codes.data(), count, matrices.data(), labels.data());
  }

  std::size_t encode(std::vector<Code>& out) const {
    return encode_matrices(matrices.data(), labels.data(), kMaxInterior, codes.size(), out.data());
  }
};

}  // namespace

TEST_CASE("decoded matrices equal the unpacked graphs") {
  const Batch batch(500);
  for (std::size_t i = 0; i < batch.codes.size(); ++i) {
    const Graph graph = unpack(batch.codes[i]);
    for (std::size_t v = 0; v < kMaxVertices; ++v) {
      for (std::size_t w = 0; w < kMaxVertices; ++w) {
        REQUIRE(batch.matrices[kMatrixSize * i + kMaxVertices * v + w] ==
                (graph.successors[v] >> w & 1));
      }
    }
    for (std::size_t v = 1; v <= kMaxInterior; ++v) {
      REQUIRE(batch.labels[kMaxInterior * i + v - 1] == graph.labels[v]);
    }
  }
}

TEST_CASE("decoded codes encode to themselves") {
  const Batch batch(1003);
  at_every_simd_level([&] {
    std::vector<Code> codes(batch.codes.size());
    CHECK(batch.encode(codes) == codes.size());
    CHECK(codes == batch.codes);
  });
}

TEST_CASE("the labels of two cells may have other bytes between them") {
  const Batch batch(50);
  std::vector<std::uint8_t> wide(50 * kMaxVertices, 0xff);  // input and output keep 0xff
  for (std::size_t i = 0; i < 50; ++i) {
    for (std::size_t v = 0; v < kMaxInterior; ++v) {
      wide[kMaxVertices * i + 1 + v] = batch.labels[kMaxInterior * i + v];
    }
  }
  at_every_simd_level([&] {
    std::vector<Code> codes(50);
    CHECK(encode_matrices(batch.matrices.data(), wide.data() + 1, kMaxVertices, 50, codes.data()) ==
          50);
    CHECK(codes == batch.codes);
  });
}

TEST_CASE("the first cell with a wrong byte is found") {
  Batch batch(5);
  std::vector<Code> codes(5);
  at_every_simd_level([&] {
    for (std::size_t v = 0; v < kMaxVertices; ++v) {
      for (std::size_t w = 0; w < kMaxVertices; ++w) {
        std::uint8_t& element = batch.matrices[3 * kMatrixSize + kMaxVertices * v + w];
        const std::uint8_t before = element;
        for (const int value : {1, 2, 128, 255}) {
          element = static_cast<std::uint8_t>(value);
          REQUIRE(batch.encode(codes) == (value == 1 && w > v ? 5 : 3));
        }
        element = before;
      }
    }
    for (std::size_t v = 0; v < kMaxInterior; ++v) {
      std::uint8_t& label = batch.labels[2 * kMaxInterior + v];
      const std::uint8_t before = label;
      for (int value = 0; value < 256; ++value) {
        label = static_cast<std::uint8_t>(value);
        REQUIRE(batch.encode(codes) == (value < 3 ? 5 : 2));
      }
      label = before;
    }
  });
}

}  // namespace nb101
