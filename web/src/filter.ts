// Which rows are within bounds of columns.
import type { Values } from "./columns.ts";

/** The least and the greatest value. Both are within the bounds. */
export type Bounds = readonly [number, number];

/** By row, 1 if each column is within its bounds. A row without a value is never within them. */
export function insideOf(count: number, bounds: Iterable<readonly [Values, Bounds]>): Uint8Array {
  const inside = new Uint8Array(count).fill(1);
  for (const [values, pair] of bounds) {
    // Where values were rounded to float32, a bound that equals one must be rounded too.
    const [low, high] = values instanceof Float32Array ? pair.map(Math.fround) : pair;
    for (let row = 0; row < count; ++row) {
      if (!(values[row] >= low && values[row] <= high)) inside[row] = 0;
    }
  }
  return inside;
}
