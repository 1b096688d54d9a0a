// A cell as a graph. Vertex 0 is the input and the last vertex is the output.
import { edgeBit, hasEdge, labelOf, MATRIX_BITS, MAX_VERTICES } from "./code.ts";

export interface Graph {
  /** Bit w of element v is the edge (v, w), where v < w. */
  readonly successors: readonly number[];
  /** One label for each vertex. Those of the input and the output mean nothing. */
  readonly labels: readonly number[];
}

export function numVertices(graph: Graph): number {
  return graph.successors.length;
}

export function numEdges(graph: Graph): number {
  return graph.successors.reduce((sum, bits) => sum + popcount(bits), 0);
}

export function graphHasEdge(graph: Graph, v: number, w: number): boolean {
  return ((graph.successors[v] >>> w) & 1) === 1;
}

/** All seven vertices of a code, without pruning. */
export function unpack(code: number): Graph {
  const successors = Array.from({ length: MAX_VERTICES }, (_, v) => {
    let bits = 0;
    for (let w = v + 1; w < MAX_VERTICES; ++w) bits |= hasEdge(code, v, w) ? 1 << w : 0;
    return bits;
  });
  const labels = successors.map((_, v) => (v > 0 && v < MAX_VERTICES - 1 ? labelOf(code, v) : 0));
  return { successors, labels };
}

/** The code of a graph of two to seven vertices. Its output becomes vertex 6. */
export function pack(graph: Graph): number {
  const output = numVertices(graph) - 1;
  let code = 0;
  for (let v = 0; v < output; ++v) {
    for (let w = v + 1; w <= output; ++w) {
      const place = w === output ? MAX_VERTICES - 1 : w;
      if (graphHasEdge(graph, v, w)) code |= 1 << edgeBit(v, place);
    }
    if (v > 0) code |= graph.labels[v] << (MATRIX_BITS + 2 * (v - 1));
  }
  return code >>> 0;
}

/** The vertices on a path from input to output, as bits; 0 if there is no path. */
export function liveVertices(graph: Graph): number {
  const output = numVertices(graph) - 1;
  let reached = 1;
  for (let v = 0; v < output; ++v) if ((reached >>> v) & 1) reached |= graph.successors[v];
  let reaching = 1 << output;
  for (let v = output - 1; v >= 0; --v) if (graph.successors[v] & reaching) reaching |= 1 << v;
  return reaching & 1 ? reached & reaching : 0;
}

/** The graph of the live vertices, in their order; null if no path leads from input to output. */
export function prune(graph: Graph): Graph | null {
  const live = liveVertices(graph);
  if (live === 0) return null;
  const kept = graph.successors.map((_, v) => v).filter((v) => (live >>> v) & 1);
  const successors = kept.map((v) =>
    kept.reduce((bits, w, place) => bits | (graphHasEdge(graph, v, w) ? 1 << place : 0), 0),
  );
  return { successors, labels: kept.map((v) => graph.labels[v]) };
}

/** The predecessors of each vertex: bit v of element w is the edge (v, w). */
export function predecessorsOf(graph: Graph): number[] {
  return graph.successors.map((_, w) =>
    graph.successors.reduce((bits, _, v) => bits | (graphHasEdge(graph, v, w) ? 1 << v : 0), 0),
  );
}

/** The numbers of the bits that are set, ascending. */
export function bitsOf(bits: number): number[] {
  const numbers: number[] = [];
  for (let rest = bits, bit = 0; rest !== 0; rest >>>= 1, ++bit) if (rest & 1) numbers.push(bit);
  return numbers;
}

export function popcount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) ++count;
  return count;
}
