// The trainable parameters and the multiplications of a cell's official network.
import { bitsOf, graphHasEdge, numVertices, type Graph } from "./graph.ts";

const STEM_FILTERS = 128;
const IMAGE_CHANNELS = 3;
const IMAGE_SIZE = 32;
const NUM_STACKS = 3;
const CELLS_PER_STACK = 3;
const NUM_CLASSES = 10;
const KERNEL_AREA = [9, 1]; // by label; a max-pool, the third one, has no weights

export interface NetworkSize {
  readonly parameters: number;
  /** Multiply-accumulate operations of one image. */
  readonly macs: number;
}

/** Sums over all cells of the network, of a vertex with c channels that sees s pixels. */
interface VertexSums {
  channels: number; // c
  squares: number; // c * c
  macs: number; // s * c * c
}

/** The sizes of all networks whose cells have the edges of one pruned graph. */
export class NetworkSizes {
  private parameters = 0;
  private macs = 0;
  private readonly vertices: VertexSums[];

  constructor(graph: Graph) {
    this.vertices = graph.successors.map(() => ({ channels: 0, squares: 0, macs: 0 }));
    let [input, output, size] = [STEM_FILTERS, STEM_FILTERS, IMAGE_SIZE];
    this.addConvolution(KERNEL_AREA[0] * IMAGE_CHANNELS, output, size);
    for (let stack = 0; stack < NUM_STACKS; ++stack) {
      if (stack > 0) [output, size] = [output * 2, Math.ceil(size / 2)];
      for (let cell = 0; cell < CELLS_PER_STACK; ++cell) {
        this.addCell(graph, vertexChannels(graph, input, output), size);
        input = output;
      }
    }
    this.parameters += (output + 1) * NUM_CLASSES;
    this.macs += output * NUM_CLASSES;
  }

  /** The size with these operations; `labelOf` gives the label of an interior vertex. */
  of(labelOf: (v: number) => number): NetworkSize {
    let { parameters, macs } = this;
    for (let v = 1; v < this.vertices.length - 1; ++v) {
      const area = KERNEL_AREA[labelOf(v)];
      if (area === undefined) continue;
      const sums = this.vertices[v];
      parameters += area * sums.squares + 2 * sums.channels; // batch norm has two for each channel
      macs += area * sums.macs;
    }
    return { parameters, macs };
  }

  private addCell(graph: Graph, channels: readonly number[], size: number): void {
    for (let v = 1; v < channels.length; ++v) {
      const square = channels[v] ** 2;
      this.vertices[v].channels += channels[v];
      this.vertices[v].squares += square;
      this.vertices[v].macs += square * size * size;
      if (graphHasEdge(graph, 0, v)) this.addConvolution(channels[0], channels[v], size);
    }
  }

  /** Adds a convolution and its batch norm. `inputs` is how many numbers each output reads. */
  private addConvolution(inputs: number, outputs: number, size: number): void {
    this.parameters += inputs * outputs + 2 * outputs;
    this.macs += inputs * outputs * size * size;
  }
}

/** The size of the official network of a pruned graph. */
export function networkSize(graph: Graph): NetworkSize {
  return new NetworkSizes(graph).of((v) => graph.labels[v]);
}

/** The channels of each vertex: those before the output share its channels. */
function vertexChannels(graph: Graph, input: number, output: number): number[] {
  const last = numVertices(graph) - 1;
  const channels = graph.successors.map(() => 0);
  [channels[0], channels[last]] = [input, output];
  const interior = graph.successors.map((_, v) => v).slice(1, last);
  const feeding = interior.filter((v) => graphHasEdge(graph, v, last));
  feeding.forEach((v, place) => {
    const extra = place < output % feeding.length ? 1 : 0;
    channels[v] = Math.floor(output / feeding.length) + extra;
  });
  for (let v = last - 1; v > 0; --v) {
    if (graphHasEdge(graph, v, last)) continue;
    channels[v] = Math.max(0, ...bitsOf(graph.successors[v]).map((w) => channels[w]));
  }
  return channels;
}
