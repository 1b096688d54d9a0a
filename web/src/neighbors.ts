// The cells that one change of a code leads to.
import { hasEdge, labelOf, MAX_VERTICES, NUM_LABELS, withEdgeFlipped, withLabel } from "./code.ts";
import { SHORT_NAMES } from "./op.ts";
import { NO_CELL, type SearchSpace } from "./search_space.ts";

export interface Change {
  readonly code: number;
  /** What is changed, for people. */
  readonly text: string;
}

export interface Neighbor extends Change {
  readonly id: number;
}

/** A change for each cell that one change of a code leads to, without the code's own cell. */
export function neighborsOf(space: SearchSpace, code: number): Neighbor[] {
  const own = space.idOf(code);
  const neighbors = new Map<number, Neighbor>();
  for (const change of changesOf(code)) {
    const id = space.idOf(change.code);
    if (id === NO_CELL || id === own || neighbors.has(id)) continue;
    neighbors.set(id, { ...change, id });
  }
  return [...neighbors.values()];
}

/** Every code that differs in one edge or one label. */
function changesOf(code: number): Change[] {
  return [...changesOfEdges(code), ...changesOfLabels(code)];
}

function changesOfEdges(code: number): Change[] {
  const changes: Change[] = [];
  for (let v = 0; v < MAX_VERTICES; ++v) {
    for (let w = v + 1; w < MAX_VERTICES; ++w) {
      const text = `${hasEdge(code, v, w) ? "without" : "with"} edge ${v}→${w}`;
      changes.push({ code: withEdgeFlipped(code, v, w), text });
    }
  }
  return changes;
}

function changesOfLabels(code: number): Change[] {
  const changes: Change[] = [];
  for (let v = 1; v < MAX_VERTICES - 1; ++v) {
    for (let label = 0; label < NUM_LABELS; ++label) {
      if (label === labelOf(code, v)) continue;
      changes.push({ code: withLabel(code, v, label), text: `${SHORT_NAMES[label]} at ${v}` });
    }
  }
  return changes;
}
