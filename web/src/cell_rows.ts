// The rows of the index: which cell each row is, and which row a cell has.

export const NO_ROW = -1;

export class CellRows {
  /** The ids of the cells, ascending. */
  readonly cells: Int32Array;

  constructor(cells: Int32Array) {
    this.cells = cells;
  }

  /** The row of a cell; `NO_ROW` if the index does not have it. */
  rowOf(id: number): number {
    let [low, high] = [0, this.cells.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.cells[middle] < id) low = middle + 1;
      else high = middle;
    }
    return this.cells[low] === id ? low : NO_ROW;
  }
}
