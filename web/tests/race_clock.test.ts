import { expect, test } from "vitest";
import { parseRace } from "../src/race.ts";
import { lastStep, RaceClock } from "../src/race_clock.ts";
import { RACE_TEXT } from "./golden.ts";

const RACE = parseRace("race.json", RACE_TEXT);

test("the last step is the one that begins now or before", () => {
  expect([0, 1, 1.5, 2, 9].map((now) => lastStep([1, 2, 2, 5], now))).toEqual([-1, 0, 0, 2, 3]);
  expect(lastStep([], 1)).toBe(-1);
});

test("the axis begins at a power of ten before all curves, and ends with the budget", () => {
  const [begin, end] = new RaceClock(RACE).ends;
  const first = Math.min(...RACE.optimizers.map(({ spent }) => spent[0]));
  expect(Number.isInteger(Math.log10(begin))).toBe(true);
  expect(begin <= first && first < 10 * begin).toBe(true);
  expect(end).toBe(300);
});

test("the clock runs evenly over the logarithmic axis, and stops at its end", () => {
  const clock = new RaceClock(RACE);
  const [begin, end] = clock.ends;
  for (let frame = 0; frame < 100; ++frame) clock.advance(50, 2);
  expect(clock.now).toBeCloseTo(Math.sqrt(begin * end), 6);
  expect(clock.placeOf(clock.now)).toBeCloseTo(clock.place, 6);
  clock.advance(60_000, 4);
  expect(clock.place).toBeCloseTo(0.55, 6);
  for (let frame = 0; frame < 100; ++frame) clock.advance(100, 4);
  expect([clock.place, clock.now, clock.hasEnded]).toEqual([1, end, true]);
});
