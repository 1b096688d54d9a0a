// The columns that axes, colours and filters may show: measures, and what follows from the cells.
import { depthOf, widthOf } from "./cell_shape.ts";
import { labelOf, MATRIX_MASK } from "./code.ts";
import { readArray } from "./folder.ts";
import { numEdges, numVertices, prune, unpack, type Graph } from "./graph.ts";
import type { Manifest, Measure } from "./manifest.ts";
import { NetworkSizes } from "./network_size.ts";
import { valuesOf } from "./packed_array.ts";

/** Numbers of 32 bits if they are read, and of 64 if they are computed: parameters need over 24. */
export type Values = Float32Array | Float64Array;

export interface Column {
  /** Names the column in the address. */
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  /** What the index says of the column; null for what follows from the cells. */
  readonly measure: Measure | null;
  readonly better: "greater" | "less" | null;
  readonly isAccuracy: boolean;
  /** Whether an axis is logarithmic. */
  readonly isLogarithmic: boolean;
  /** The values by row, NaN for a cell without one. They are made at the first call. */
  values(): Promise<Values>;
}

type Structure = Pick<Column, "key" | "label" | "better" | "isLogarithmic"> & {
  /** The value of the code of a representative. */
  readonly of: (code: number) => number;
};

/** What follows from the cells. Each of these functions remembers what it has computed. */
function structure(): Structure[] {
  const sizes = byEdges((graph) => new NetworkSizes(graph));
  const sizeOf = (code: number) => sizes(code).of((v) => labelOf(code, v));
  return [
    size("parameters", "parameters", (code) => sizeOf(code).parameters),
    size("macs", "MACs", (code) => sizeOf(code).macs),
    shape("depth", "depth", depthOf),
    shape("width", "width", widthOf),
    shape("num_vertices", "vertices", numVertices),
    shape("num_edges", "edges", numEdges),
  ];
}

function size(key: string, label: string, of: (code: number) => number): Structure {
  return { key, label, better: "less", isLogarithmic: true, of };
}

function shape(key: string, label: string, of: (graph: Graph) => number): Structure {
  return { key, label, better: null, isLogarithmic: false, of: byEdges(of) };
}

/** A function of codes that is computed once for each set of edges, of which there are 2,494. */
function byEdges<Value>(of: (graph: Graph) => Value): (code: number) => Value {
  const known = new Map<number, Value>();
  return (code) => {
    const edges = code & MATRIX_MASK;
    let value = known.get(edges);
    if (value === undefined) known.set(edges, (value = of(prune(unpack(code))!)));
    return value;
  };
}

/** All columns of an index, the measures first. `codes` has the code of each row's cell. */
export function columnsOf(manifest: Manifest, codes: ArrayLike<number>): Column[] {
  return [...manifest.measures.map(measured), ...structure().map((each) => computed(each, codes))];
}

function measured(measure: Measure): Column {
  const isAccuracy = measure.name.endsWith("_accuracy") && !measure.is_own;
  return {
    key: keyOf(measure),
    label: labelOfMeasure(measure),
    unit: measure.unit,
    measure,
    better: measure.better,
    isAccuracy,
    isLogarithmic: measure.name === "training_time",
    values: once(async () => valuesOf(measure.values, await readArray(measure.values))),
  };
}

function computed({ of, ...rest }: Structure, codes: ArrayLike<number>): Column {
  const values = async () => {
    const computed = new Float64Array(codes.length);
    for (let row = 0; row < codes.length; ++row) computed[row] = of(codes[row]);
    return computed;
  };
  return { ...rest, unit: "", measure: null, isAccuracy: false, values: once(values) };
}

function keyOf(measure: Measure): string {
  if (measure.is_own) return `own:${measure.name}`;
  const spread = measure.statistic === "spread" ? ":spread" : "";
  return `${measure.name}:${measure.epochs}${spread}`;
}

/** The mean of a metric over the runs of a cell, at the highest budget at which it is known. */
export function meanOf(columns: readonly Column[], metric: string): Column | undefined {
  return columns.findLast(
    ({ measure }) => measure?.name === metric && measure.statistic === "mean",
  );
}

function labelOfMeasure(measure: Measure): string {
  if (measure.is_own) return measure.name;
  const words = measure.name.replaceAll("_", " ");
  const spread = measure.statistic === "spread" ? ", spread" : "";
  return `${words}, ${measure.epochs} epochs${spread}`;
}

/** A function that makes its value at the first call and keeps it. */
function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined; // The next call tries again.
      throw error;
    }));
}
