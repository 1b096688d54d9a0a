// The official module hash: an MD5 refinement of vertex labels (nasbench's graph_util).
#pragma once

#include <span>

#include "nb101/cell.hpp"
#include "nb101/digest.hpp"

namespace nb101 {

// The hash of each graph as it is (prune first): digests.size() == graphs.size().
void hash_graphs(std::span<const Graph> graphs, std::span<Digest> digests);

Digest graph_hash(const Graph& graph);

}  // namespace nb101
