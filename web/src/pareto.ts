// The exact Pareto front of two columns.

export interface Objective {
  readonly values: Float32Array;
  readonly better: "greater" | "less";
}

/**
 * The rows on the front, from the best to the worst in x. A row is on it if no other row is at
 * least as good in both and better in one. Rows with NaN, and rows that are not in `inside`, are
 * left out.
 */
export function paretoFront(x: Objective, y: Objective, inside: Uint8Array): number[] {
  const isAtLeast = (objective: Objective, one: number, other: number) =>
    objective.better === "less"
      ? objective.values[one] <= objective.values[other]
      : objective.values[one] >= objective.values[other];
  const dominates = (one: number, other: number) =>
    isAtLeast(x, one, other) &&
    isAtLeast(y, one, other) &&
    !(isAtLeast(x, other, one) && isAtLeast(y, other, one));
  let front: number[] = [];
  for (let row = 0; row < inside.length; ++row) {
    if (!inside[row] || Number.isNaN(x.values[row]) || Number.isNaN(y.values[row])) continue;
    const place = front.findIndex((other) => dominates(other, row));
    if (place < 0) {
      front = [...front.filter((other) => !dominates(row, other)), row];
    } else {
      // The row that dominated is tried first next time. Most rows then need one comparison.
      [front[0], front[place]] = [front[place], front[0]];
    }
  }
  const sign = x.better === "less" ? 1 : -1;
  return front.sort((one, other) => sign * (x.values[one] - x.values[other]) || one - other);
}
