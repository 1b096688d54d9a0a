// The cell that the page shows when its address names none.
import { maxIndex } from "d3-array";
import { NO_ROW, type CellRows } from "./cell_rows.ts";
import { meanOf, type Column } from "./columns.ts";
import type { SearchSpace } from "./search_space.ts";

// The Inception-like cell of the official README.
const INCEPTION = 1077462039;

/**
 * The code of the Inception-like cell. If the index does not have it, that of the cell with the
 * highest mean validation accuracy at the highest budget, where these are known.
 */
export async function firstCode(
  space: SearchSpace,
  rows: CellRows,
  columns: readonly Column[],
): Promise<number> {
  if (rows.rowOf(space.idOf(INCEPTION)) !== NO_ROW) return INCEPTION;
  const best = maxIndex((await meanOf(columns, "validation_accuracy")?.values()) ?? []);
  return best < 0 ? INCEPTION : space.codeOf(rows.cells[best]);
}
