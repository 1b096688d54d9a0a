// A polygon on two axes that keeps the cells within it.
import { polygonContains } from "d3-polygon";
import type { Axis } from "./axis.ts";
import type { Place } from "./trace.ts";

export interface Lasso {
  /** The keys of the columns across and up. */
  readonly x: string;
  readonly y: string;
  /** The values of both columns at each vertex. */
  readonly vertices: readonly (readonly [number, number])[];
}

const MOST_VERTICES = 32;

/** The path of a pointer as a polygon of few vertices: those that change its area least go first. */
export function polygonOf(path: readonly Place[]): Place[] {
  const kept = [...path];
  const areaAt = (i: number) => triangleArea(kept.at(i - 1)!, kept[i], kept[(i + 1) % kept.length]);
  while (kept.length > MOST_VERTICES) {
    let least = 0;
    for (let i = 1; i < kept.length; ++i) if (areaAt(i) < areaAt(least)) least = i;
    kept.splice(least, 1);
  }
  return kept;
}

/** Sets the rows to 0 that are not within the lasso. Its sides are straight on the axes. */
export function keepWithin(inside: Uint8Array, { vertices }: Lasso, x: Axis, y: Axis): void {
  const polygon = vertices.map(([across, up]): [number, number] => [x.scale(across), y.scale(up)]);
  for (let row = 0; row < inside.length; ++row) {
    if (!inside[row]) continue;
    if (!polygonContains(polygon, [x.places[row], y.places[row]])) inside[row] = 0;
  }
}

function triangleArea([ax, ay]: Place, [bx, by]: Place, [cx, cy]: Place): number {
  return Math.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2;
}
