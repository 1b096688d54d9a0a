// What `npm run golden` wrote into build/golden, or what is in the folder that $GOLDEN names.
import { existsSync, openAsBlob, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Manifest } from "../src/manifest.ts";
import { unpackArray, type PackedArray, type TypedArray } from "../src/packed_array.ts";
import type { Sample } from "../src/cell_runs.ts";
import { SearchSpace, type Tables } from "../src/search_space.ts";

const FOLDER = process.env.GOLDEN
  ? pathToFileURL(`${process.env.GOLDEN}/`)
  : new URL("../build/golden/", import.meta.url);
if (!existsSync(new URL("golden.json", FOLDER))) {
  throw new Error(`${FOLDER.pathname} has no golden values; write them: npm run golden`);
}

export interface CellFacts {
  readonly code: number;
  readonly pruned: number;
  readonly id: number;
  readonly hash: string;
  readonly parameters: number;
  readonly macs: number;
  readonly depth: number;
  readonly width: number;
  readonly num_vertices: number;
  readonly num_edges: number;
  readonly neighbors: number[];
}

export interface Golden {
  readonly num_codes: number;
  readonly ids_sha256: string;
  readonly cells: CellFacts[];
  readonly digits: { id: number; hash: string; test_accuracy: number; samples: Sample[] }[];
  /** What the synthetic index says of the first of the cells. */
  readonly synthetic: { test_accuracy: number };
  /** The regret of each run of each optimizer at some times; null before the first training. */
  readonly race: { seconds: number[]; regrets: (number | null)[][][] };
}

/** A synthetic index of these cells. */
export const SYNTHETIC = fileURLToPath(new URL("synthetic.nb101", FOLDER));
/** A race of three optimizers on NB101-digits. */
export const RACE_TEXT = text("race.json");
export const GOLDEN: Golden = JSON.parse(text("golden.json"));
export const DIGITS: Manifest = JSON.parse(text("digits/manifest.json"));

/** An array of the explorer of NB101-digits. */
export async function elementsOf(array: PackedArray): Promise<TypedArray> {
  return unpackArray(array, await openAsBlob(new URL(`digits/${array.file}`, FOLDER)));
}

/** The search space, by the tables of that explorer. */
export async function searchSpace(): Promise<SearchSpace> {
  const tables = Object.entries(DIGITS.tables).map(
    async ([name, array]) => [name, await elementsOf(array)] as const,
  );
  return new SearchSpace(Object.fromEntries(await Promise.all(tables)) as unknown as Tables);
}

function text(name: string): string {
  return readFileSync(new URL(name, FOLDER), "utf-8");
}
