// Which rows are within bounds of columns.

/** The least and the greatest value. Both are within the bounds. */
export type Bounds = readonly [number, number];

/** By row, 1 if each column is within its bounds. A row without a value is never within them. */
export function insideOf(
  count: number,
  bounds: Iterable<readonly [Float32Array, Bounds]>,
): Uint8Array {
  const inside = new Uint8Array(count).fill(1);
  for (const [values, pair] of bounds) {
    // The values were rounded to float32, so a bound that equals one must be rounded too.
    const [low, high] = pair.map(Math.fround);
    for (let row = 0; row < count; ++row) {
      if (!(values[row] >= low && values[row] <= high)) inside[row] = 0;
    }
  }
  return inside;
}
