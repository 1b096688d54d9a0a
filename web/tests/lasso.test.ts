import { expect, test } from "vitest";
import { Axis } from "../src/axis.ts";
import type { Column } from "../src/columns.ts";
import { keepWithin, polygonOf } from "../src/lasso.ts";

function axis(isLogarithmic: boolean, ...values: number[]): Axis {
  const column = { isLogarithmic, isAccuracy: false } as Column;
  return new Axis(column, Float32Array.of(...values));
}

test("a lasso keeps the cells within, by sides that are straight on the axes", () => {
  // On these axes, the side from (1, 0) to (100, 2) passes through (10, 1).
  const x = axis(true, 9, 11, 11, 150, NaN, 50);
  const y = axis(false, 1, 1, 1, 0.1, 1, 1);
  const inside = Uint8Array.of(1, 1, 0, 1, 1, 1);
  const vertices = [
    [1, 0],
    [100, 2],
    [100, 0],
  ] as const;
  keepWithin(inside, { x: "x", y: "y", vertices }, x, y);
  expect([...inside]).toEqual([0, 1, 0, 0, 0, 1]);
});

test("the path of a pointer becomes at most 32 vertices, which keep its corners", () => {
  const corners: [number, number][] = [
    [0, 0],
    [100, 0],
    [100, 100],
    [0, 100],
  ];
  const path = corners.flatMap(([x, y], side) => {
    const [toX, toY] = corners[(side + 1) % 4];
    return Array.from({ length: 50 }, (_, i): [number, number] => [
      x + ((toX - x) * i) / 50,
      y + ((toY - y) * i) / 50,
    ]);
  });
  const polygon = polygonOf(path);
  expect(polygon).toHaveLength(32);
  for (const corner of corners) expect(polygon).toContainEqual(corner);
  expect(polygonOf(corners)).toEqual(corners);
});
