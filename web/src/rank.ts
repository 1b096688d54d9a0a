// Where a value stands among those of all cells.

export interface Rank {
  /** One more than the number of cells that are better. */
  readonly place: number;
  /** How many cells have a value. */
  readonly of: number;
}

export function rankOf(value: number, values: Float32Array, better: "greater" | "less"): Rank {
  const sign = better === "greater" ? 1 : -1;
  let [place, count] = [1, 0];
  for (const other of values) {
    if (Number.isNaN(other)) continue;
    ++count;
    if (sign * other > sign * value) ++place;
  }
  return { place, of: count };
}
