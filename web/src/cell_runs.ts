// The accuracies of all runs of a cell, which are read from the folder when the cell is shown.
import type { Manifest, Runs } from "./manifest.ts";
import { valuesOf, type PackedArray, type TypedArray } from "./packed_array.ts";

/** The accuracies of a cell at a budget, by one metric at one stage. */
export interface Sample {
  readonly metric: string;
  readonly stage: string;
  readonly epochs: number;
  /** One for each run, or the mean alone. */
  readonly accuracies: readonly number[];
  /** The standard deviation of the runs, where only their mean is known. */
  readonly spread?: number;
}

type ReadArray = (array: PackedArray) => Promise<TypedArray>;

const KEPT = 8; // chunks in memory, of about 300 kB each

export class CellRuns {
  private readonly runs: Runs;
  private readonly budgets: readonly { readonly epochs: number; readonly repeats: number }[];
  private readonly rows: number;
  private readonly chunks = new Map<number, Promise<TypedArray>>();

  private readonly read: ReadArray;

  /** The runs of an index, whose arrays `read` reads; null if the folder does not have them. */
  static of(manifest: Manifest, read: ReadArray): CellRuns | null {
    return manifest.runs && new CellRuns(manifest, manifest.runs, read);
  }

  private constructor({ index, rows }: Manifest, runs: Runs, read: ReadArray) {
    [this.runs, this.read] = [runs, read];
    this.budgets = index.epochs.map((epochs, i) => ({ epochs, repeats: index.repeats[i] }));
    this.rows = rows.cells.length;
  }

  /** What is known of a row. Budgets, metrics and stages without any run are left out. */
  async of(row: number): Promise<Sample[]> {
    const { cells_per_chunk, chunks } = this.runs;
    const number = Math.floor(row / cells_per_chunk);
    const first = number * cells_per_chunk;
    const width = Math.min(cells_per_chunk, this.rows - first);
    return this.samples(chunks[number], await this.chunk(number), width, row - first);
  }

  /** The samples of a column of a chunk, whose rows are as many as the index has cells in it. */
  private samples(array: PackedArray, chunk: TypedArray, width: number, column: number): Sample[] {
    let place = column;
    const next = () => {
      const [value] = valuesOf(array, chunk.subarray(place, place + 1));
      place += width;
      return value;
    };
    const samples = this.runs.metrics.flatMap((metric) =>
      this.runs.stages.flatMap((stage) =>
        this.budgets.map(({ epochs, repeats }) => {
          const accuracies = Array.from({ length: repeats }, next);
          return { metric, stage, epochs, accuracies: accuracies.filter((a) => !Number.isNaN(a)) };
        }),
      ),
    );
    return samples.filter(({ accuracies }) => accuracies.length > 0);
  }

  /** A chunk, which was used last now. Those that were used long ago are forgotten. */
  private chunk(number: number): Promise<TypedArray> {
    const chunk = this.chunks.get(number) ?? this.read(this.runs.chunks[number]);
    this.chunks.delete(number);
    this.chunks.set(number, chunk);
    const [oldest] = this.chunks.keys();
    if (this.chunks.size > KEPT) this.chunks.delete(oldest);
    return chunk;
  }
}
