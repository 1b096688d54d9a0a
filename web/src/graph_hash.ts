// The official hash of a graph, which is the same for all orders of its vertices.
import { md5 } from "@noble/hashes/legacy.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { bitsOf, numVertices, popcount, predecessorsOf, type Graph } from "./graph.ts";

const INPUT_LABEL = -1;
const OUTPUT_LABEL = -2;

/** The hash of a pruned graph, as 32 hexadecimal digits. */
export function graphHash(graph: Graph): string {
  const successors = graph.successors.map(bitsOf);
  const predecessors = predecessorsOf(graph).map(bitsOf);
  let hashes = startHashes(graph);
  for (let round = 0; round < numVertices(graph); ++round) {
    const before = hashes;
    const sorted = (vertices: number[]) =>
      vertices
        .map((v) => before[v])
        .sort()
        .join("");
    hashes = before.map((own, v) =>
      digest(`${sorted(predecessors[v])}|${sorted(successors[v])}|${own}`),
    );
  }
  const quoted = hashes.sort().map((hash) => `'${hash}'`);
  return digest(`[${quoted.join(", ")}]`);
}

/** The hashes of what is known of each vertex alone, written as Python writes a tuple. */
function startHashes(graph: Graph): string[] {
  const output = numVertices(graph) - 1;
  const predecessors = predecessorsOf(graph);
  return graph.successors.map((successors, v) => {
    const label = v === 0 ? INPUT_LABEL : v === output ? OUTPUT_LABEL : graph.labels[v];
    return digest(`(${popcount(successors)}, ${popcount(predecessors[v])}, ${label})`);
  });
}

function digest(text: string): string {
  return bytesToHex(md5(utf8ToBytes(text)));
}
