import { createHash } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { neighborsOf } from "../src/neighbors.ts";
import { NUM_CELLS, type SearchSpace } from "../src/search_space.ts";
import { GOLDEN, searchSpace } from "./golden.ts";

let space: SearchSpace;
beforeAll(async () => {
  space = await searchSpace();
});

/** The hash `lowbias32` of a number: the random words of reference/explorer_golden.py. */
function word(number: number): number {
  let bits = number;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}

test("the ids of 100,000 codes, inside and outside the space, are those of the engine", () => {
  const { num_codes, ids_sha256 } = GOLDEN;
  expect(num_codes).toBe(100_000);
  const ids = Int32Array.from({ length: num_codes }, (_, i) =>
    space.idOf(i % 2 ? (word(i) & word(i + num_codes)) >>> 0 : word(i)),
  );
  expect(createHash("sha256").update(new Uint8Array(ids.buffer)).digest("hex")).toBe(ids_sha256);
});

test("the code of each cell leads to its id", () => {
  const wrong = Array.from({ length: NUM_CELLS }, (_, id) => id).filter(
    (id) => space.idOf(space.codeOf(id)) !== id,
  );
  expect(wrong).toEqual([]);
});

test("the neighbours of a cell are those of the engine", () => {
  for (const { code, neighbors } of GOLDEN.cells) {
    const ids = neighborsOf(space, code).map(({ id }) => id);
    expect(ids.sort((one, other) => one - other)).toEqual(neighbors);
  }
});
