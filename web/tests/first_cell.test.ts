import { expect, test } from "vitest";
import { CellRows } from "../src/cell_rows.ts";
import type { Column } from "../src/columns.ts";
import { firstCode } from "../src/first_cell.ts";
import { GOLDEN, searchSpace } from "./golden.ts";

const INCEPTION = GOLDEN.cells[0];

/** The first cell of an index of some cells with these accuracies by budget, all of one metric. */
async function first(
  ids: number[],
  accuracies: Record<number, number[]>,
  name = "validation_accuracy",
): Promise<number> {
  const columns = Object.entries(accuracies).map(([epochs, some]) => {
    const measure = { name, statistic: "mean", epochs: Number(epochs) };
    return { measure, values: async () => Float32Array.from(some) } as Column;
  });
  return firstCode(await searchSpace(), new CellRows(Int32Array.from(ids)), columns);
}

test("the first cell is the Inception-like one where the index has it, else the best one", async () => {
  const space = await searchSpace();
  expect(await first([5, INCEPTION.id], { 108: [0.9, 0.8] })).toBe(INCEPTION.code);
  const best = { 4: [0.9, 0.1, 0.1], 108: [0.7, 0.9, NaN] };
  expect(await first([5, 9, 11], best)).toBe(space.codeOf(9));
  expect(await first([5, 9], { 108: [NaN, NaN] })).toBe(INCEPTION.code);
  expect(await first([5, 9], { 108: [0.1, 0.2] }, "test_accuracy")).toBe(INCEPTION.code);
});
