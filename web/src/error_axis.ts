// An axis of accuracies that is logarithmic in the error, so that the noise of good cells is seen.
import { extent } from "d3-array";
import { scaleLog } from "d3-scale";

export interface ErrorAxis {
  /** The place of an accuracy. */
  readonly at: (accuracy: number) => number;
  /** The accuracies that are written beside the axis. */
  readonly ticks: readonly number[];
}

const LEAST = 0.0005; // An error below it is drawn at this one, because a logarithm has no 0.
const STEPS = [1, 2, 5];
const LABEL_HEIGHT = 15;

/** An axis from the least to the greatest accuracy. `range` has the places of both, in pixels. */
export function errorAxis(
  accuracies: readonly number[],
  [bottom, top]: readonly [number, number],
): ErrorAxis {
  const [least, greatest] = extent(accuracies.map(errorOf)) as [number, number];
  const errors = roundErrors(least, greatest);
  const scale = scaleLog()
    .domain([errors[errors.length - 1], errors[0]])
    .range([bottom, top]);
  const ticks: number[] = [];
  let last = -Infinity;
  for (const error of errors) {
    if (scale(error) - last < LABEL_HEIGHT) continue;
    last = scale(error);
    ticks.push(Number((1 - error).toPrecision(6)));
  }
  return { at: (accuracy) => scale(errorOf(accuracy)), ticks };
}

function errorOf(accuracy: number): number {
  const exact = Number((1 - accuracy).toPrecision(12)); // 1 - 0.8 is less than 0.2 otherwise
  return Math.max(LEAST, exact);
}

/** Round errors, ascending, of which the first and the last enclose two errors. */
function roundErrors(least: number, greatest: number): number[] {
  const [low, high] = [Math.floor(Math.log10(least)) - 1, Math.ceil(Math.log10(greatest)) + 1];
  const all = Array.from({ length: high - low + 1 }, (_, i) => low + i).flatMap((power) =>
    STEPS.map((step) => Number(`${step}e${power}`)),
  );
  const first = all.findLastIndex((error) => error <= least);
  const last = all.findIndex((error) => error >= greatest && error > all[first]);
  return all.slice(first, last + 1);
}
