import { expect, test } from "vitest";
import { CellRows, NO_ROW } from "../src/cell_rows.ts";
import { columnsOf } from "../src/columns.ts";
import { insideOf } from "../src/filter.ts";
import { paretoFront } from "../src/pareto.ts";
import { Ranking } from "../src/rank.ts";
import { DIGITS, GOLDEN } from "./golden.ts";

/** Whole numbers below a bound, some of them equal and some missing. */
function numbers(count: number, bound: number, first: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const number = (Math.imul(i + first, 2654435761) >>> 0) % bound;
    return number === 0 ? NaN : number;
  });
}

test("the front has the cells that no other cell dominates", () => {
  const [x, y] = [numbers(300, 40, 1), numbers(300, 30, 777)];
  const inside = Uint8Array.from(x, (_, row) => (row % 7 ? 1 : 0));
  const rows = [...x.keys()].filter((row) => inside[row] && !Number.isNaN(x[row] + y[row]));
  const isDominated = (row: number) =>
    rows.some((o) => x[o] <= x[row] && y[o] >= y[row] && (x[o] < x[row] || y[o] > y[row]));
  const expected = rows.filter((row) => !isDominated(row));
  const found = paretoFront(
    { values: x, better: "less" },
    { values: y, better: "greater" },
    inside,
  );
  expect(expected.length).toBeGreaterThan(2);
  expect([...found].sort((one, other) => one - other)).toEqual(expected);
});

test("many equal cells are all on the front", () => {
  const same = new Float32Array(100_000).fill(0.5);
  const objective = { values: same, better: "less" } as const;
  const found = paretoFront(objective, objective, new Uint8Array(same.length).fill(1));
  expect(found).toEqual([...same.keys()]);
});

test("equal cells share a rank, and cells without a value have none", () => {
  const values = Float32Array.of(3, 5, NaN, 5, 1);
  const [greatest, least] = [new Ranking(values, "greater"), new Ranking(values, "less")];
  expect(greatest.rankOf(5)).toEqual({ place: 1, of: 4 });
  expect(greatest.rankOf(3)).toEqual({ place: 3, of: 4 });
  expect(least.rankOf(3)).toEqual({ place: 2, of: 4 });
  expect(least.rankOf(5)).toEqual({ place: 3, of: 4 });
});

test("the ends of bounds are within them, and a cell without a value never is", () => {
  const [one, other] = [Float32Array.of(1, 2, 3, NaN), Float32Array.of(5, NaN, 7, 7)];
  expect([...insideOf(4, [[one, [1, 3]]])]).toEqual([1, 1, 1, 0]);
  expect([
    ...insideOf(4, [
      [one, [2, Infinity]],
      [other, [-Infinity, 7]],
    ]),
  ]).toEqual([0, 0, 1, 0]);
  expect([...insideOf(4, [])]).toEqual([1, 1, 1, 1]);
  const rounded = new Float32Array([0.9025, 0.345, 0.0014, 0.5]);
  for (const [row, bound] of [0.9025, 0.345, 0.0014, 0.5].entries()) {
    expect(insideOf(4, [[rounded, [bound, bound]]])[row]).toBe(1);
  }
});

test("a cell is found in the rows of the index, or not", () => {
  const rows = new CellRows(Int32Array.of(2, 5, 9));
  expect([0, 2, 5, 7, 9, 10, -1].map((id) => rows.rowOf(id))).toEqual([
    NO_ROW,
    0,
    1,
    NO_ROW,
    2,
    NO_ROW,
    NO_ROW,
  ]);
});

test("parameters and multiplications are those of the engine, to the last one", async () => {
  const long = { pruned: 34904137, parameters: 39974282, macs: 5858792448 }; // over 24 bits
  expect(Math.fround(long.parameters)).not.toBe(long.parameters);
  const cells = [long, ...GOLDEN.cells];
  const columns = columnsOf(
    DIGITS,
    cells.map(({ pruned }) => pruned),
  );
  for (const key of ["parameters", "macs"] as const) {
    const values = await columns.find((column) => column.key === key)!.values();
    expect([...values]).toEqual(cells.map((cell) => cell[key]));
  }
  const values = Float64Array.of(long.parameters);
  for (const bound of [long.parameters - 1, long.parameters, long.parameters + 1]) {
    const isInside = bound === long.parameters ? 1 : 0;
    expect([...insideOf(1, [[values, [bound, bound]]])]).toEqual([isInside]);
  }
});
