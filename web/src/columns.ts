// The columns that axes, colours and filters may show: measures, and what follows from the cells.
import { depthOf, widthOf } from "./cell_shape.ts";
import { MATRIX_MASK } from "./code.ts";
import { readArray } from "./folder.ts";
import { numEdges, numVertices, prune, unpack, type Graph } from "./graph.ts";
import type { Manifest, Measure } from "./manifest.ts";
import { networkSize } from "./network_size.ts";
import { valuesOf } from "./packed_array.ts";

export interface Column {
  /** Names the column in the address. */
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  /** What is written below the values, such as who measured them; empty in most cases. */
  readonly description: string;
  readonly better: "greater" | "less" | null;
  readonly isAccuracy: boolean;
  /** Whether an axis is logarithmic. */
  readonly isLogarithmic: boolean;
  /** The values by row, NaN for a cell without one. They are made at the first call. */
  values(): Promise<Float32Array>;
}

type Structure = Pick<Column, "key" | "label" | "better" | "isLogarithmic"> & {
  readonly of: (graph: Graph) => number;
  /** Whether the operations do not matter, so that cells with the same edges have one value. */
  readonly isOfEdges: boolean;
};

const STRUCTURE: readonly Structure[] = [
  {
    key: "parameters",
    label: "parameters",
    better: "less",
    isLogarithmic: true,
    isOfEdges: false,
    of: (graph) => networkSize(graph).parameters,
  },
  {
    key: "macs",
    label: "MACs",
    better: "less",
    isLogarithmic: true,
    isOfEdges: false,
    of: (graph) => networkSize(graph).macs,
  },
  shape("depth", "depth", depthOf),
  shape("width", "width", widthOf),
  shape("num_vertices", "vertices", numVertices),
  shape("num_edges", "edges", numEdges),
];

/** All columns of an index, the measures first. `codes` has the code of each row. */
export function columnsOf(manifest: Manifest, codes: Uint32Array): Column[] {
  return [...manifest.measures.map(measured), ...STRUCTURE.map((each) => computed(each, codes))];
}

function measured(measure: Measure): Column {
  const isAccuracy = measure.name.endsWith("_accuracy") && !measure.is_own;
  return {
    key: keyOf(measure),
    label: labelOf(measure),
    unit: measure.unit,
    description: measure.description,
    better: measure.better,
    isAccuracy,
    isLogarithmic: measure.name === "training_time",
    values: once(async () => valuesOf(measure.values, await readArray(measure.values))),
  };
}

function shape(key: string, label: string, of: (graph: Graph) => number): Structure {
  return { key, label, better: null, isLogarithmic: false, isOfEdges: true, of };
}

function computed({ of, isOfEdges, ...rest }: Structure, codes: Uint32Array): Column {
  const valueOf = (code: number) => of(prune(unpack(code))!);
  const values = async () => Float32Array.from(codes, isOfEdges ? byEdges(valueOf) : valueOf);
  return { ...rest, unit: "", description: "", isAccuracy: false, values: once(values) };
}

/** A function of codes that is computed once for each set of edges, of which there are 2,494. */
function byEdges(valueOf: (code: number) => number): (code: number) => number {
  const known = new Map<number, number>();
  return (code) => {
    const edges = code & MATRIX_MASK;
    const value = known.get(edges) ?? valueOf(code);
    known.set(edges, value);
    return value;
  };
}

function keyOf(measure: Measure): string {
  if (measure.is_own) return `own:${measure.name}`;
  const spread = measure.statistic === "spread" ? ":spread" : "";
  return `${measure.name}:${measure.epochs}${spread}`;
}

function labelOf(measure: Measure): string {
  if (measure.is_own) return measure.name;
  const words = measure.name.replaceAll("_", " ");
  const spread = measure.statistic === "spread" ? ", spread" : "";
  return `${words}, ${measure.epochs} epochs${spread}`;
}

/** A function that makes its value at the first call and keeps it. */
function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}
