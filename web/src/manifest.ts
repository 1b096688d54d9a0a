// What the manifest of a folder says; docs/explorer.md describes it.
import type { PackedArray } from "./packed_array.ts";

export interface Measure {
  readonly name: string;
  readonly is_own: boolean;
  readonly epochs: number | null;
  readonly statistic: "mean" | "spread" | null;
  readonly unit: string;
  readonly description: string;
  readonly better: "greater" | "less" | null;
  readonly values: PackedArray;
}

/** The accuracies of all runs. A chunk is an array (metric, stage, run, row). */
export interface Runs {
  readonly metrics: readonly string[];
  readonly stages: readonly string[];
  readonly cells_per_chunk: number;
  readonly chunks: readonly PackedArray[];
}

export interface Manifest {
  readonly form: "nb101fast explorer";
  readonly version: number;
  readonly files: readonly string[];
  readonly index: {
    readonly name: string;
    readonly synthetic: boolean;
    readonly datasets: readonly string[];
    readonly epochs: readonly number[];
    readonly repeats: readonly number[];
    readonly runs: number;
  };
  /** The file of a race; null if there is none. */
  readonly race: string | null;
  readonly tables: Record<"placement_of_matrix" | "placements" | "ranks" | "codes", PackedArray>;
  readonly rows: Record<"cells" | "fingerprints", PackedArray>;
  readonly measures: readonly Measure[];
  readonly runs: Runs | null;
}

const VERSION = 1;

/** The manifest, if it is one that this page can read. */
export function checkedManifest(manifest: Manifest): Manifest {
  if (manifest.form !== "nb101fast explorer" || manifest.version !== VERSION) {
    throw new Error(
      `manifest.json is of the form "${manifest.form}", version ${manifest.version}, but this ` +
        `page reads version ${VERSION} of "nb101fast explorer"; write the explorer again`,
    );
  }
  return manifest;
}
