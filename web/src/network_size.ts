// The trainable parameters and the multiplications of a cell's official network.
import { bitsOf, graphHasEdge, numVertices, type Graph } from "./graph.ts";

const STEM_FILTERS = 128;
const IMAGE_CHANNELS = 3;
const IMAGE_SIZE = 32;
const NUM_STACKS = 3;
const CELLS_PER_STACK = 3;
const NUM_CLASSES = 10;
const KERNEL_AREA = [9, 1, 0]; // by label; a max-pool has no weights

export interface NetworkSize {
  readonly parameters: number;
  /** Multiply-accumulate operations of one image. */
  readonly macs: number;
}

/** The size of the official network of a pruned graph. */
export function networkSize(graph: Graph): NetworkSize {
  let [input, output, size] = [STEM_FILTERS, STEM_FILTERS, IMAGE_SIZE];
  const stem = KERNEL_AREA[0] * IMAGE_CHANNELS * output;
  let parameters = stem + 2 * output;
  let macs = stem * size * size;
  for (let stack = 0; stack < NUM_STACKS; ++stack) {
    if (stack > 0) [output, size] = [output * 2, Math.ceil(size / 2)];
    for (let cell = 0; cell < CELLS_PER_STACK; ++cell) {
      const { weights, normalized } = cellWeights(graph, input, output);
      parameters += weights + 2 * normalized; // batch norm has two numbers for each channel
      macs += weights * size * size;
      input = output;
    }
  }
  const dense = output * NUM_CLASSES;
  return { parameters: parameters + dense + NUM_CLASSES, macs: macs + dense };
}

/** The weights of a cell's convolutions, and how many channels they put out. */
function cellWeights(graph: Graph, input: number, output: number) {
  const channels = vertexChannels(graph, input, output);
  const last = numVertices(graph) - 1;
  let [weights, normalized] = [0, 0];
  for (let v = 1; v <= last; ++v) {
    if (graphHasEdge(graph, 0, v)) {
      weights += input * channels[v]; // the projection
      normalized += channels[v];
    }
    const area = v < last ? KERNEL_AREA[graph.labels[v]] : 0;
    weights += area * channels[v] * channels[v];
    normalized += area > 0 ? channels[v] : 0;
  }
  return { weights, normalized };
}

/** The channels of each vertex: those before the output share its channels. */
function vertexChannels(graph: Graph, input: number, output: number): number[] {
  const last = numVertices(graph) - 1;
  const channels = graph.successors.map(() => 0);
  [channels[0], channels[last]] = [input, output];
  const feeding = graph.successors.map((_, v) => v).slice(1, last);
  const before = feeding.filter((v) => graphHasEdge(graph, v, last));
  before.forEach((v, place) => {
    const extra = place < output % before.length ? 1 : 0;
    channels[v] = Math.floor(output / before.length) + extra;
  });
  for (let v = last - 1; v > 0; --v) {
    if (graphHasEdge(graph, v, last)) continue;
    channels[v] = Math.max(0, ...bitsOf(graph.successors[v]).map((w) => channels[w]));
  }
  return channels;
}
