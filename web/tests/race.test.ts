import { expect, test } from "vitest";
import { parseRace, shownOfAccuracy } from "../src/race.ts";
import { lastStep } from "../src/race_clock.ts";
import { GOLDEN, RACE_TEXT } from "./golden.ts";

/** The fault that is found in a race after a change. */
function faultAfter(change: (race: any) => void): string {
  const race = JSON.parse(RACE_TEXT);
  change(race);
  try {
    parseRace("race.json", JSON.stringify(race));
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
}

test("the regret of each run is that of the engine at every moment", () => {
  const race = parseRace("race.json", RACE_TEXT);
  expect(race.optimizers.map(({ name }) => name)).toEqual(["rs", "re", "hb"]);
  race.optimizers.forEach(({ runs }, optimizer) =>
    runs.forEach(({ spent, accuracies }, run) =>
      GOLDEN.race.seconds.forEach((now, moment) => {
        const step = lastStep(spent, now);
        const expected = GOLDEN.race.regrets[optimizer][run][moment];
        if (expected === null) expect(step).toBe(-1);
        else expect(shownOfAccuracy(race, accuracies[step])).toBeCloseTo(expected, 6);
      }),
    ),
  );
});

test.each<[string, (race: any) => void, string]>([
  [
    "another form",
    (race) => (race.form = "nb101fast explorer"),
    '"nb101fast explorer" is not allowed; use',
  ],
  ["another version", (race) => (race.version = 2), "race.json: version: 2 is not allowed; use 1"],
  ["a missing key", (race) => delete race.most, "race.json: the key most is missing; add it"],
  ["an unknown key", (race) => (race.x = 1), "race.json: the key x is not allowed; remove it"],
  [
    "a number for a text",
    (race) => (race.index.name = 5),
    "index.name: 5 is not allowed; use a text",
  ],
  [
    "no optimizer",
    (race) => (race.optimizers = []),
    "optimizers: 0 is not allowed; use a list with at",
  ],
  [
    "a text for a number",
    (race) => (race.optimizers[1].middle[3] = "<b>"),
    'optimizers.1.middle.3: "<b>" is not allowed; use a number',
  ],
  [
    "a code that is none",
    (race) => (race.optimizers[0].runs[0].codes[0] = 2 ** 31),
    "optimizers.0.runs.0.codes.0: 2147483648 is not allowed; use a code",
  ],
  [
    "lists of different lengths",
    (race) => race.optimizers[0].runs[1].accuracies.pop(),
    "race.json: optimizers.0.runs.1.accuracies: a list of",
  ],
  [
    "times that do not ascend",
    (race) => race.optimizers[2].spent.reverse(),
    "race.json: optimizers.2.spent: the numbers do not ascend; sort them",
  ],
])("a race with %s is refused", (_, change, fault) => {
  expect(faultAfter(change)).toContain(fault);
});

test("a file of another kind is refused", () => {
  expect(() => parseRace("notes.txt", "hello")).toThrow("notes.txt is not JSON");
  expect(() => parseRace("a.json", "5")).toThrow("a.json: 5 is not allowed; use an object");
});
