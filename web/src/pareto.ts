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
  const signed = (objective: Objective) => (objective.better === "less" ? 1 : -1);
  const [signX, signY] = [signed(x), signed(y)];
  const rows = Array.from(inside.keys()).filter(
    (row) => inside[row] && !Number.isNaN(x.values[row]) && !Number.isNaN(y.values[row]),
  );
  const [costX, costY] = [x.values.map((v) => v * signX), y.values.map((v) => v * signY)];
  rows.sort((one, other) => costX[one] - costX[other] || costY[one] - costY[other]);
  let [last, best] = [-Infinity, Infinity];
  return rows.filter((row) => {
    const isEqual = costX[row] === last && costY[row] === best;
    if (!isEqual && costY[row] >= best) return false;
    [last, best] = [costX[row], costY[row]];
    return true;
  });
}
