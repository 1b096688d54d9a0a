import { beforeAll, expect, test } from "vitest";
import { codeOfText, type HashedCells } from "../src/cell_text.ts";
import { unpack } from "../src/graph.ts";
import { OP_NAMES } from "../src/op.ts";
import type { SearchSpace } from "../src/search_space.ts";
import { DIGITS, elementsOf, GOLDEN, searchSpace } from "./golden.ts";

let space: SearchSpace;
let hashed: HashedCells;
beforeAll(async () => {
  space = await searchSpace();
  hashed = {
    cells: (await elementsOf(DIGITS.rows.cells)) as Int32Array,
    fingerprints: (await elementsOf(DIGITS.rows.fingerprints)) as Uint16Array,
  };
});

test("a hash names the cell of the index that has it", () => {
  for (const { id, hash } of GOLDEN.digits) {
    expect(codeOfText(` ${hash.toUpperCase()} `, space, hashed)).toBe(space.codeOf(id));
  }
});

test("an id, a code and a matrix name a cell", () => {
  const { code } = GOLDEN.cells[0];
  const { successors, labels } = unpack(code);
  const matrix = successors.map((bits) => successors.map((_, w) => (bits >>> w) & 1));
  const ops = ["input", ...labels.slice(1, -1).map((label) => OP_NAMES[label]), "output"];
  expect(codeOfText("id:5", space, hashed)).toBe(space.codeOf(5));
  expect(codeOfText(`code:${code}`, space, hashed)).toBe(code);
  expect(codeOfText(String(code), space, hashed)).toBe(code);
  expect(codeOfText(JSON.stringify({ matrix, ops }), space, hashed)).toBe(code);
});

test("the output of a smaller matrix is vertex 6", () => {
  const text =
    '{"matrix": [[0, 1, 0], [0, 0, 1], [0, 0, 0]], "ops": ["input", "maxpool3x3", "output"]}';
  const id = space.idOf(codeOfText(text, space, hashed));
  const { labels } = unpack(space.codeOf(id));
  expect(labels[1]).toBe(2);
});

test.each([
  ["", "names no cell"],
  ["<b>", "names no cell"],
  ["5", "5 may be an id or a code"],
  ["id:423624", "use id:0 to id:423623"],
  ["code:2147483648", "use a number below 2\\^31"],
  ["0".repeat(32), "no cell of this index has the hash"],
  ["{", "this is not JSON"],
  ['{"ops": []}', "the key matrix is missing"],
  ['{"matrix": [[0]], "ops": ["input"]}', "matrix has 1 rows; use 2 to 7"],
  ['{"matrix": [[0, 1], [1, 0]], "ops": ["input", "output"]}', "row 1, column 0 of matrix is 1"],
  ['{"matrix": [[0, 2], [0, 0]], "ops": ["input", "output"]}', "row 0, column 1 of matrix is 2"],
  ['{"matrix": [[0, 1], [0, 0]], "ops": ["input"]}', "ops must be a list of 2 names"],
])("a text that names no cell is refused: %s", (text, why) => {
  expect(() => codeOfText(text, space, hashed)).toThrow(new RegExp(why));
});
