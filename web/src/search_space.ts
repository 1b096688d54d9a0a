// The whole search space: from codes to cell ids and back, by the engine's own tables.
import { isFaulty, MATRIX_BITS, MATRIX_MASK } from "./code.ts";

export const NUM_CELLS = 423624;
export const NO_CELL = -1;

export interface Tables {
  /** For the matrix bits of a code, the number of a placement. */
  readonly placement_of_matrix: Uint16Array;
  /** For each placement, the id of the first cell of its structure, and where its ranks begin. */
  readonly placements: Int32Array;
  readonly ranks: Uint8Array;
  /** The code of the representative of each cell, by cell id. */
  readonly codes: Uint32Array;
}

export class SearchSpace {
  private readonly tables: Tables;

  constructor(tables: Tables) {
    this.tables = tables;
  }

  /** The id of the code's cell; `NO_CELL` if the code is outside the space. */
  idOf(code: number): number {
    if (isFaulty(code)) return NO_CELL;
    const { placement_of_matrix, placements, ranks } = this.tables;
    const placement = 2 * placement_of_matrix[code & MATRIX_MASK];
    return placements[placement] + ranks[placements[placement + 1] + (code >>> MATRIX_BITS)];
  }

  /** The code of the representative of a cell. */
  codeOf(id: number): number {
    return this.tables.codes[id];
  }
}
