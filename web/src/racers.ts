// The incumbents of a race on the plot, each with the trail of those before it.
import { rollup } from "d3-array";
import { marker, lineClass } from "./marker.ts";
import { svgElement } from "./dom.ts";
import { NO_ROW } from "./cell_rows.ts";

type Place = readonly [number, number];

/** A run at one moment of the clock. */
export interface Racer {
  /** The number of the optimizer's line. */
  readonly line: number;
  /** The rows of the incumbents until now; `NO_ROW` for a cell that the index does not have. */
  readonly rows: readonly number[];
  /** How far the last incumbent has come from the one before it, from 0 to 1. */
  readonly moved: number;
}

const AREA = 90; // of a marker, in square pixels
const SHIFT = 7; // pixels
const FEW = 12; // racers at once, with which the trails are strong and whole
const SHORT = 3; // cells on the trail of one of many

export class Racers {
  private readonly group: SVGGElement;
  private racers: readonly Racer[] = [];
  private places: (Place | null)[] = [];

  constructor(group: SVGGElement) {
    this.group = group;
  }

  set(racers: readonly Racer[]): void {
    const lines = (some: readonly Racer[]) => some.map(({ line }) => line).join();
    const areOthers = lines(racers) !== lines(this.racers);
    this.racers = racers;
    if (!areOthers) return;
    this.group.setAttribute("class", this.areMany ? "racers many" : "racers");
    const trails = racers.map(({ line }) =>
      svgElement("path", { class: `trail ${lineClass(line)}` }),
    );
    const markers = racers.map(({ line }) => svgElement("g", {}, marker(line, AREA)));
    this.group.replaceChildren(...trails, ...markers);
  }

  /** Draws them, by the place of each row. */
  draw(placeOf: (row: number) => Place): void {
    const elements = this.group.children;
    const aside = this.shifts();
    this.places = this.racers.map(({ rows, moved }, i) => {
      const shown = this.areMany ? rows.slice(-SHORT) : rows;
      const places = shown.map(placeOf);
      const last = places.pop();
      const way = places.filter(isKnown);
      const goal = last && isKnown(last) ? plus(last, aside[i]) : null;
      const place = goal && between(way.at(-1) ?? goal, goal, moved);
      const [trail, head] = [elements[i], elements[this.racers.length + i]];
      trail.setAttribute("d", place ? `M${[...way, place].map(pair).join("L")}` : "");
      head.toggleAttribute("hidden", !place);
      if (place) head.setAttribute("transform", `translate(${pair(place)})`);
      return place;
    });
  }

  private get areMany(): boolean {
    return this.racers.length > FEW;
  }

  /** How far each is drawn from its cell, so that optimizers at the same cell all are seen. */
  private shifts(): Place[] {
    const cell = ({ rows }: Racer) => rows.at(-1);
    const at = rollup(this.racers, (some) => [...new Set(some.map(({ line }) => line))], cell);
    return this.racers.map((racer) => {
      const lines = at.get(cell(racer))!;
      if (lines.length === 1) return [0, 0];
      const turn = (2 * Math.PI * lines.indexOf(racer.line)) / lines.length;
      return [SHIFT * Math.sin(turn), -SHIFT * Math.cos(turn)];
    });
  }

  /** The row of the nearest incumbent within some pixels of a place. */
  nearest([x, y]: Place, reach: number): number {
    let [nearest, least] = [NO_ROW, reach];
    this.places.forEach((place, i) => {
      const distance = place ? Math.hypot(place[0] - x, place[1] - y) : Infinity;
      if (distance < least) [nearest, least] = [this.racers[i].rows.at(-1)!, distance];
    });
    return nearest;
  }
}

/** Whether a cell has a place; it has none if the index lacks it or one of its two values. */
function isKnown([x, y]: Place): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

function plus([x, y]: Place, [byX, byY]: Place): Place {
  return [x + byX, y + byY];
}

function between([x, y]: Place, [toX, toY]: Place, moved: number): Place {
  return [x + (toX - x) * moved, y + (toY - y) * moved];
}

function pair([x, y]: Place): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}
