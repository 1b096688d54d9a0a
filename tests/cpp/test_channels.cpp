#include <doctest.h>

#include "nb101/canonical.hpp"
#include "nb101/channels.hpp"
#include "nb101/prune.hpp"
#include "random_cells.hpp"

namespace nb101 {
namespace {

Graph cell(int num_vertices, std::initializer_list<std::uint32_t> successors,
           std::initializer_list<std::int64_t> labels) {
  Graph graph;
  graph.num_vertices = num_vertices;
  std::copy(successors.begin(), successors.end(), graph.successors.begin());
  std::copy(labels.begin(), labels.end(), graph.labels.begin() + 1);
  return graph;
}

std::int64_t conv(std::int64_t kernel, std::int64_t in, std::int64_t out) {
  return kernel * kernel * in * out + 2 * out;
}

}  // namespace

TEST_CASE("two known cells have their official parameter counts") {
  Graph golden = structure_graph(7, 1205349);
  golden.labels = {0, 0, 2, 0, 0, 1};
  CHECK(count_parameters(golden) == 8'555'530);
  const Graph inception =
      cell(7, {0b0101110, 0b1000000, 0b1000000, 0b0010000, 0b1000000, 0b1000000}, {1, 0, 0, 0, 2});
  CHECK(count_parameters(inception) == 2'694'282);
}

TEST_CASE("the parameters of the smallest cell equal a count by hand") {
  std::int64_t expected = conv(3, 3, 128) + 513 * 10;
  for (const std::int64_t out : {128, 256, 512}) {
    const std::int64_t in = out == 128 ? 128 : out / 2;
    expected += conv(1, in, out) + 2 * conv(1, out, out);
  }
  const Graph direct = cell(2, {0b10}, {});
  CHECK(count_parameters(direct) == expected);

  Skeleton small;
  small.stem_filters = 16;
  small.num_stacks = 1;
  small.cells_per_stack = 2;
  small.num_classes = 7;
  small.image_channels = 1;
  CHECK(count_parameters(direct, small) == conv(3, 1, 16) + 2 * conv(1, 16, 16) + 17 * 7);
}

TEST_CASE("the first vertices that feed the output get one channel more") {
  // input -> 1, 2, 3 -> output
  const Graph graph = cell(5, {0b01110, 0b10000, 0b10000, 0b10000}, {0, 1, 2});
  const auto channels = vertex_channels(graph, 64, 128);
  CHECK(channels[0] == 64);
  CHECK(channels[1] == 43);
  CHECK(channels[2] == 43);
  CHECK(channels[3] == 42);
  CHECK(channels[4] == 128);
}

TEST_CASE("an edge from input to output takes no share, and other vertices copy a successor") {
  // input -> 1 -> 2, 3; 2, 3 -> output; input -> output
  const Graph graph = cell(5, {0b10010, 0b01100, 0b10000, 0b10000}, {0, 0, 0});
  const auto channels = vertex_channels(graph, 128, 129);
  CHECK(channels[2] == 65);
  CHECK(channels[3] == 64);
  CHECK(channels[1] == 65);
}

TEST_CASE("shares add up, and no vertex has fewer channels than a successor") {
  RandomCells random(10);
  int seen = 0;
  while (seen < 2000) {
    const auto graph = prune(random.graph(kMaxVertices, 40));
    if (!graph || graph->num_vertices < 3) continue;
    ++seen;
    const int output = graph->num_vertices - 1;
    const auto channels = vertex_channels(*graph, 128, 256);
    std::int64_t shares = 0;
    for (int v = 1; v < output; ++v) {
      if (graph->successors[v] >> output & 1) shares += channels[v];
      for (int w = v + 1; w < output; ++w) {
        if (graph->successors[v] >> w & 1 && !(graph->successors[v] >> output & 1)) {
          REQUIRE(channels[v] >= channels[w]);
        }
      }
    }
    REQUIRE(shares == 256);
  }
}

TEST_CASE("isomorphic cells can differ in parameters by the extra channel") {
  const Graph one = cell(5, {0b01110, 0b10000, 0b10000, 0b10000}, {0, 0, 2});
  const Graph other = cell(5, {0b01110, 0b10000, 0b10000, 0b10000}, {2, 0, 0});
  CHECK(canonical_form(one) == canonical_form(other));
  CHECK(count_parameters(one) != count_parameters(other));
}

}  // namespace nb101
