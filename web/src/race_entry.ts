// A run that takes part in the race on the plot, and where it is at a moment of the clock.
import type { RacingOptimizer, RacingRun } from "./race.ts";
import { lastStep, type RaceClock } from "./race_clock.ts";
import type { Racer } from "./racers.ts";

export interface Entry {
  readonly optimizer: RacingOptimizer;
  readonly run: RacingRun;
  /** The rows of the incumbents; `NO_ROW` for a cell that the index does not have. */
  readonly rows: readonly number[];
}

export interface Incumbent {
  readonly run: number;
  readonly code: number;
  readonly accuracy: number;
}

const GLIDE = 0.015; // of the axis, in which an incumbent moves to the next cell

/** The entry on the plot. */
export function racerAt({ optimizer, run, rows }: Entry, clock: RaceClock): Racer {
  const last = lastStep(run.spent, clock.now);
  const passed = last < 0 ? 1 : (clock.place - clock.placeOf(run.spent[last])) / GLIDE;
  const until = rows.slice(0, last + 1);
  return { line: optimizer.line, rows: until, moved: Math.min(1, Math.max(0, passed)) };
}

/** The best incumbent of some entries; null if no training has ended. */
export function bestIncumbent(entries: readonly Entry[], now: number): Incumbent | null {
  let best: Incumbent | null = null;
  for (const { run } of entries) {
    const last = lastStep(run.spent, now);
    if (last < 0 || (best && best.accuracy >= run.accuracies[last])) continue;
    best = { run: run.number, code: run.codes[last], accuracy: run.accuracies[last] };
  }
  return best;
}
