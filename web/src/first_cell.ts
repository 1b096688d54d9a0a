// The cell that the page shows when its address names none.
import { maxIndex } from "d3-array";
import { NO_ROW, type CellRows } from "./cell_rows.ts";
import { keyOfMean, type Column } from "./columns.ts";
import type { Manifest } from "./manifest.ts";
import type { SearchSpace } from "./search_space.ts";

// The Inception-like cell of the official README.
const INCEPTION = 1077462039;

/**
 * The code of the Inception-like cell. If the index does not have it, that of the cell with the
 * highest mean validation accuracy at the highest budget.
 */
export async function firstCode(
  { index }: Manifest,
  space: SearchSpace,
  rows: CellRows,
  columns: readonly Column[],
): Promise<number> {
  if (rows.rowOf(space.idOf(INCEPTION)) !== NO_ROW) return INCEPTION;
  const key = keyOfMean("validation_accuracy", index.epochs[index.epochs.length - 1]);
  const best = maxIndex(await columns.find((column) => column.key === key)!.values());
  return best < 0 ? INCEPTION : space.codeOf(rows.cells[best]);
}
