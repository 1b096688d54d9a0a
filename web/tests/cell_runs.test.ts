import { expect, test } from "vitest";
import { CellRuns } from "../src/cell_runs.ts";
import { DIGITS, elementsOf, GOLDEN } from "./golden.ts";

test("the accuracies of all runs of a cell are those of the engine", async () => {
  const cells = await elementsOf(DIGITS.rows.cells);
  const runs = CellRuns.of(DIGITS, elementsOf)!;
  for (const { id, samples } of GOLDEN.digits) {
    const found = await runs.of(cells.indexOf(id));
    expect(found).toHaveLength(samples.length);
    found.forEach(({ metric, stage, epochs, accuracies }, i) => {
      expect([metric, stage, epochs]).toEqual([
        samples[i].metric,
        samples[i].stage,
        samples[i].epochs,
      ]);
      accuracies.forEach((accuracy, run) =>
        expect(accuracy).toBeCloseTo(samples[i].accuracies[run], 6),
      );
    });
  }
});

test("a chunk is read once, and runs that a cell does not have are left out", async () => {
  const array = { file: "", type: "uint16", length: 5, step: 0.5 } as const;
  const chunks = [{ ...array, length: 6 }, array, array, array, array, array, array, array, array];
  const manifest = {
    ...DIGITS,
    index: { ...DIGITS.index, epochs: [4, 108], repeats: [1, 2] },
    rows: { ...DIGITS.rows, cells: { ...array, length: 17 } },
    runs: { metrics: ["test_accuracy"], stages: ["final"], cells_per_chunk: 2, chunks },
  };
  const read: number[] = [];
  const runs = CellRuns.of(manifest, async (chunk) => {
    read.push(chunks.indexOf(chunk as (typeof chunks)[number]));
    return Uint16Array.of(65535, 1, 2, 3, 4, 65535);
  })!;
  const last = { metric: "test_accuracy", stage: "final", epochs: 108 };
  expect(await runs.of(0)).toEqual([{ ...last, accuracies: [1, 2] }]);
  expect((await runs.of(1))[1]).toEqual({ ...last, accuracies: [1.5] });
  expect(read).toEqual([0]);
});

test("a folder without runs has none", () => {
  expect(CellRuns.of({ ...DIGITS, runs: null }, elementsOf)).toBeNull();
});
