import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { unpackArray, valuesOf, type PackedArray } from "../src/packed_array.ts";
import { DIGITS, elementsOf, GOLDEN } from "./golden.ts";

const ARRAY: PackedArray = { file: "a.bin", type: "uint16", length: 3, step: 0.5 };

function blob(...bytes: number[]): Blob {
  return new Blob([new Uint8Array(deflateSync(Uint8Array.from(bytes)))]);
}

test("the low bytes of all elements come first, and 65535 is no value", async () => {
  const elements = await unpackArray(ARRAY, blob(1, 2, 255, 0, 1, 255));
  expect([...elements]).toEqual([1, 258, 65535]);
  expect([...valuesOf(ARRAY, elements)]).toEqual([0.5, 129, NaN]);
});

test("a file of another length is refused", async () => {
  await expect(unpackArray(ARRAY, blob(1, 2))).rejects.toThrow("it has 2 bytes, but the");
});

test("the accuracies of NB101-digits are those of the engine", async () => {
  const { values } = DIGITS.measures.find((measure) => measure.name === "test_accuracy")!;
  const accuracies = valuesOf(values, await elementsOf(values));
  const cells = await elementsOf(DIGITS.rows.cells);
  expect(GOLDEN.digits.length).toBeGreaterThan(0);
  for (const { id, test_accuracy } of GOLDEN.digits) {
    expect(accuracies[cells.indexOf(id)]).toBeCloseTo(test_accuracy, 6);
  }
});
