// A race: the regret curves of optimizers and the incumbents of their runs, as a file has them.
// docs/explorer.md describes the file. The messages of the schema say what is allowed.
import * as v from "valibot";

const LONGEST_SHOWN = 40; // characters of a wrong value

const text = v.string("a text");
const number = v.pipe(v.number("a number"), v.finite("a finite number"));
const numbers = v.array(number, "a list of numbers");
const whole = v.pipe(
  number,
  v.safeInteger("a whole number"),
  v.minValue(0, "a whole number from 0 on"),
);
const code = v.pipe(whole, v.maxValue(2 ** 31 - 1, "a code, a whole number from 0 to 2147483647"));
const amount = v.pipe(number, v.minValue(0, "a number from 0 on"));
const amounts = v.array(amount, "a list of numbers");

function object<Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, "an object");
}

function choice<const Options extends readonly (string | number)[]>(...options: Options) {
  return v.picklist(options, options.map((option) => JSON.stringify(option)).join(" or "));
}

const RUN = object({
  number: whole,
  spent: amounts,
  codes: v.array(code, "a list of codes"),
  accuracies: numbers,
});
const OPTIMIZER = object({
  name: text,
  label: text,
  line: whole,
  num_runs: whole,
  spent: v.pipe(amounts, v.minLength(1, "a list with at least one number")),
  middle: numbers,
  band: v.nullable(object({ low: numbers, high: numbers })),
  runs: v.array(RUN, "a list of runs"),
});
const RACE = object({
  form: choice("nb101fast race"),
  version: choice(1),
  index: object({ name: text, synthetic: v.boolean("true or false") }),
  preset: text,
  regret: choice("test", "validation"),
  shows: choice("regret", "accuracy"),
  statistic: choice("mean", "median"),
  clock: choice("seconds", "evaluations"),
  most: amount,
  best_accuracy: number,
  optimizers: v.pipe(
    v.array(OPTIMIZER, "a list of optimizers"),
    v.minLength(1, "a list with at least one optimizer"),
  ),
});

export type Race = v.InferOutput<typeof RACE>;
export type RacingOptimizer = Race["optimizers"][number];
export type RacingRun = RacingOptimizer["runs"][number];

/** The race in the contents of a file, or an error that says what is wrong with it. */
export function parseRace(file: string, contents: string): Race {
  const result = v.safeParse(RACE, parsedJson(file, contents), { abortEarly: true });
  if (!result.success) throw new Error(`${file}: ${faultOf(result.issues[0])}`);
  result.output.optimizers.forEach((each, i) => {
    const place = `${file}: optimizers.${i}`;
    const { spent, middle, band } = each;
    checkSteps(place, spent, { middle });
    if (band) checkSteps(`${place}.band`, spent, band);
    each.runs.forEach(({ spent, codes, accuracies }, run) =>
      checkSteps(`${place}.runs.${run}`, spent, { codes, accuracies }),
    );
  });
  return result.output;
}

/** What a race shows of an accuracy: the accuracy itself, or its regret. */
export function shownOfAccuracy(race: Race, accuracy: number): number {
  return race.shows === "accuracy" ? accuracy : race.best_accuracy - accuracy;
}

function parsedJson(file: string, contents: string): unknown {
  try {
    return JSON.parse(contents);
  } catch (error) {
    throw new Error(`${file} is not JSON: ${(error as Error).message}`);
  }
}

function faultOf(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  const isKey = issue.path?.at(-1)?.origin === "key";
  if (isKey && issue.expected === "never") return `the key ${path} is not allowed; remove it`;
  if (isKey) return `the key ${path} is missing; add it`;
  const place = path === null ? "" : `${path}: `;
  return `${place}${issue.received.slice(0, LONGEST_SHOWN)} is not allowed; use ${issue.message}`;
}

/** Checks a step function of what was spent: a value at each step, and steps that ascend. */
function checkSteps(
  place: string,
  spent: readonly number[],
  values: Readonly<Record<string, readonly number[]>>,
): void {
  for (const [name, { length }] of Object.entries(values)) {
    if (length !== spent.length) {
      throw new Error(
        `${place}.${name}: a list of ${length} is not allowed; use ${spent.length} values, one ` +
          "for each number in spent",
      );
    }
  }
  if (spent.some((each, i) => i > 0 && each < spent[i - 1])) {
    throw new Error(`${place}.spent: the numbers do not ascend; sort them`);
  }
}
