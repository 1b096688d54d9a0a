// The exact Pareto front of two columns.
import type { Values } from "./columns.ts";

export interface Objective {
  readonly values: Values;
  readonly better: "greater" | "less";
}

/**
 * The rows on the front, from the best to the worst in x, and of equal ones the first row first. A
 * row is on it if no other row is at least as good in both and better in one. Rows with NaN, and
 * rows that are not in `inside`, are left out.
 */
export function paretoFront(x: Objective, y: Objective, inside: Uint8Array): number[] {
  const costOf = ({ values, better }: Objective) =>
    better === "less" ? (row: number) => values[row] : (row: number) => -values[row];
  const [across, up] = [costOf(x), costOf(y)];
  // From the best to the worst in x, a row is on the front if it is better in y than all before it,
  // or equal to the last one on the front. Sorting all rows would take longer than this pass, which
  // drops most of them.
  const rows: number[] = [];
  let [least, atLeast] = [Infinity, Infinity];
  for (let row = 0; row < inside.length; ++row) {
    if (!inside[row] || Number.isNaN(across(row)) || Number.isNaN(up(row))) continue;
    if (across(row) > least && up(row) > atLeast) continue; // A row dominates it.
    rows.push(row);
    if (across(row) <= least && up(row) <= atLeast) [least, atLeast] = [across(row), up(row)];
  }
  rows.sort((one, other) => across(one) - across(other) || up(one) - up(other) || one - other);
  const front: number[] = [];
  for (const row of rows) {
    const last = front.at(-1);
    const isEqual = last !== undefined && across(last) === across(row) && up(last) === up(row);
    if (last === undefined || isEqual || up(row) < up(last)) front.push(row);
  }
  return front;
}
