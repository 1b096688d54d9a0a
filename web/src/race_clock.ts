// The simulated clock of a race. It runs evenly over a logarithmic axis, as the curves are drawn.
import { bisectRight, min } from "d3-array";
import { scaleLog } from "d3-scale";
import type { Race } from "./race.ts";

const WHOLE = 20_000; // milliseconds that a race takes at speed 1
const LONGEST_STEP = 250; // milliseconds; a page that was hidden does not leap ahead

export class RaceClock {
  /** From the beginning to the end of the axis. */
  readonly ends: readonly [number, number];
  /** Where on the axis the clock stands, from 0 to 1. */
  place = 0;
  private readonly scale;

  constructor(race: Race) {
    this.ends = endsOf(race);
    this.scale = scaleLog().domain(this.ends).range([0, 1]);
  }

  /** What has been spent: simulated seconds, or evaluations. */
  get now(): number {
    return this.hasEnded ? this.ends[1] : this.scale.invert(this.place);
  }

  get hasEnded(): boolean {
    return this.place >= 1;
  }

  /** The place of an amount on the axis, below 0 if it lies before the beginning. */
  placeOf(spent: number): number {
    return spent > 0 ? this.scale(spent) : -Infinity;
  }

  /** Goes on by some milliseconds of the person who watches. */
  advance(milliseconds: number, speed: number): void {
    const step = (Math.min(milliseconds, LONGEST_STEP) * speed) / WHOLE;
    this.place = Math.min(1, this.place + step);
  }
}

/** The number of the last step that had been made by then; -1 if there was none. */
export function lastStep(spent: readonly number[], now: number): number {
  return bisectRight(spent, now) - 1;
}

/** As in the figures, the axis begins at the power of ten before the first curve begins. */
function endsOf({ optimizers, most }: Race): [number, number] {
  const first = min(optimizers, ({ spent }) => (spent[0] > 0 ? spent[0] : most)) || 1;
  const begin = 10 ** Math.floor(Math.log10(first));
  return [begin, most > begin ? most : 10 * begin];
}
