// A code is a cell of up to seven vertices, packed into 32 bits.

export const MAX_VERTICES = 7;
export const MAX_EDGES = 9; // of the search space, after pruning
export const MATRIX_BITS = 21;
export const MATRIX_MASK = 2 ** MATRIX_BITS - 1;
export const NUM_LABELS = 3;

const LOW_LABEL_BITS = 0x155 << MATRIX_BITS; // the lower bit of each label
const UNUSED_BIT = 0x80000000;

/** The bit of the edge from v to w, where v < w. */
export function edgeBit(v: number, w: number): number {
  return (v * (13 - v)) / 2 + w - v - 1;
}

export function hasEdge(code: number, v: number, w: number): boolean {
  return ((code >>> edgeBit(v, w)) & 1) === 1;
}

/** The label of one of the vertices 1 to 5: 0, 1 or 2 in a cell of the space. */
export function labelOf(code: number, v: number): number {
  return (code >>> labelBit(v)) & 3;
}

export function withEdgeFlipped(code: number, v: number, w: number): number {
  return (code ^ (1 << edgeBit(v, w))) >>> 0;
}

export function withLabel(code: number, v: number, label: number): number {
  return ((code & ~(3 << labelBit(v))) | (label << labelBit(v))) >>> 0;
}

/** Whether bit 31 is set or a label is 3. Such a code is outside the space for any edges. */
export function isFaulty(code: number): boolean {
  return ((code & (code >>> 1) & LOW_LABEL_BITS) | (code & UNUSED_BIT)) !== 0;
}

function labelBit(v: number): number {
  return MATRIX_BITS + 2 * (v - 1);
}
