import { expect, test } from "vitest";
import { histogramPath } from "../src/histogram.ts";

test("each bin is as high as its share of the fullest one", () => {
  const path = histogramPath(Float32Array.of(0, 0.001, 0.999, 1, -0.1, NaN));
  const heights = [...path.matchAll(/V([\d.]+)h/g)].map(([, height]) => Number(height));
  expect(heights).toHaveLength(64);
  expect([heights[0], heights[1], heights[63]]).toEqual([1, 0, 0.5]);
});
