import { expect, test } from "vitest";
import { CellRows } from "../src/cell_rows.ts";
import { keyOfMean, type Column } from "../src/columns.ts";
import { firstCode } from "../src/first_cell.ts";
import { DIGITS, GOLDEN, searchSpace } from "./golden.ts";

const INCEPTION = GOLDEN.cells[0];

/** The first cell of an index of some cells with these validation accuracies. */
async function first(ids: number[], accuracies: number[]): Promise<number> {
  const { epochs } = DIGITS.index;
  const key = keyOfMean("validation_accuracy", epochs[epochs.length - 1]);
  const values = async () => Float32Array.from(accuracies);
  const columns = [{ key, values } as Column];
  return firstCode(DIGITS, await searchSpace(), new CellRows(Int32Array.from(ids)), columns);
}

test("the first cell is the Inception-like one where the index has it, else the best one", async () => {
  const space = await searchSpace();
  expect(await first([5, INCEPTION.id], [0.9, 0.8])).toBe(INCEPTION.code);
  expect(await first([5, 9, 11], [0.7, 0.9, NaN])).toBe(space.codeOf(9));
  expect(await first([5, 9], [NaN, NaN])).toBe(INCEPTION.code);
});
