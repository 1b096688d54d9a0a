import { expect, test } from "vitest";
import { errorAxis } from "../src/error_axis.ts";

test("round accuracies enclose all values, the least at the bottom", () => {
  const { at, ticks } = errorAxis([0.62, 0.93, 0.945], [100, 0]);
  expect(ticks).toEqual([0.95, 0.9, 0.8, 0.5]);
  expect([at(0.5), at(0.95)]).toEqual([100, 0]);
  expect(at(0.93)).toBeGreaterThan(at(0.945));
});

test("halving the error is the same distance everywhere", () => {
  const { at } = errorAxis([0.5, 0.99], [100, 0]);
  expect(at(0.8) - at(0.9)).toBeCloseTo(at(0.96) - at(0.98), 9);
});

test("values that are equal, without an error, or no accuracies have an axis too", () => {
  expect(errorAxis([0.8], [100, 0]).ticks).toEqual([0.8, 0.5]);
  expect(errorAxis([1, 1], [100, 0]).ticks).toEqual([0.9995, 0.999]);
  expect(errorAxis([-1.25], [100, 0]).ticks).toEqual([-1, -4]);
});
