// The depth and the width of a pruned graph.
import { bitsOf, numVertices, popcount, type Graph } from "./graph.ts";

/** The number of edges on the longest path from input to output. */
export function depthOf(graph: Graph): number {
  const depth = new Array<number>(numVertices(graph)).fill(0);
  graph.successors.forEach((bits, v) => {
    for (const w of bitsOf(bits)) depth[w] = Math.max(depth[w], depth[v] + 1);
  });
  return depth[depth.length - 1];
}

/** The most edges that a cut between input and output crosses, where no edge leads back. */
export function widthOf(graph: Graph): number {
  const output = numVertices(graph) - 1;
  let widest = 0;
  for (let side = 1; side < 1 << output; side += 2) {
    widest = Math.max(widest, cutOf(graph, side, output));
  }
  return widest;
}

/** How many edges leave a set of vertices; 0 if an edge leads back into it. */
function cutOf(graph: Graph, side: number, output: number): number {
  let cut = 0;
  for (let v = 0; v < output; ++v) {
    if ((side >>> v) & 1) cut += popcount(graph.successors[v] & ~side);
    else if (graph.successors[v] & side) return 0;
  }
  return cut;
}
