import { expect, test } from "vitest";
import { stepBand, stepCurve } from "../src/step_path.ts";

test("each height of a step curve holds until the next place", () => {
  expect(stepCurve([0, 1, 3], [5, 4, 2])).toBe("M0 5H1V4H3V2");
  expect(stepCurve([], [])).toBe("");
});

test("a band goes along its low curve and back along its high curve", () => {
  expect(stepBand([0, 1, 3], [5, 4, 2], [9, 8, 7])).toBe("M0 5H1V4H3V2V7H3V8H1V9H0Z");
});
