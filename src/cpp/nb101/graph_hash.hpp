// The official module hash, which refines the labels of the vertices by MD5. Source: hash_module in
// nasbench/lib/graph_util.py.
#pragma once

#include <span>

#include "nb101/cell.hpp"
#include "nb101/digest.hpp"

namespace nb101 {

// Writes the hash of each graph. The graphs must be pruned before, and digests.size() must equal
// graphs.size().
void hash_graphs(std::span<const Graph> graphs, std::span<Digest> digests);

// Writes the hash of the pruned graph of each code, in which a path must lead from input to output.
// Uses less memory than hash_graphs, because only some of the graphs are unpacked at a time.
void hash_codes(std::span<const Code> codes, std::span<Digest> digests);

Digest graph_hash(const Graph& graph);

}  // namespace nb101
