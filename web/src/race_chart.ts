// The regret curves of a race up to the moment of its clock, with a band and a marker each.
import { extent, range } from "d3-array";
import { axisBottom, axisLeft } from "d3-axis";
import { scaleLinear, scaleLog, type NumberValue } from "d3-scale";
import { select } from "d3-selection";
import { area, curveStepAfter, line } from "d3-shape";
import { ticksOf, type Scale } from "./axis.ts";
import { byId, svgElement } from "./dom.ts";
import { lineClass, marker } from "./marker.ts";
import { shortText } from "./number_text.ts";
import { shownOfAccuracy, type Race, type RacingOptimizer, type RacingRun } from "./race.ts";
import { lastStep, type RaceClock } from "./race_clock.ts";

const MARGIN = { left: 58, right: 14, top: 10, bottom: 40 };
const BORDER = 1.15; // a factor above and below the curves
const LINEAR_BORDER = 0.05; // of the curves
const AREA = 80; // of a marker, in square pixels
const SMALL_AREA = 32; // of a marker on a curve
const MARKER_DISTANCE = 66; // in pixels, between the markers on a curve
const TICKS = 6; // on an axis, about

export class RaceChart {
  private readonly frame = byId<SVGSVGElement>("race-chart");
  /** The curves until now. It is cut off by its width, so that they are not drawn anew. */
  private readonly played = byId("race-played");
  private readonly moment = byId<SVGSVGElement>("race-moment");
  private race: Race | null = null;
  private clock: RaceClock | null = null;
  /** The number of the run whose own curves are drawn; null for none. */
  private run: number | null = null;
  private across: Scale = scaleLog();
  private up: Scale = scaleLog();
  private isLogarithmic = true;
  private cursor = svgElement("path", { class: "cursor" });
  private markers: SVGGElement[] = [];

  constructor() {
    new ResizeObserver(() => this.draw()).observe(this.frame.parentElement!);
  }

  show(race: Race, clock: RaceClock): void {
    [this.race, this.clock, this.run] = [race, clock, null];
    this.draw();
  }

  showRun(run: number | null): void {
    this.run = run;
    this.draw();
  }

  /** Moves what is drawn to the moment of the clock. */
  tick(): void {
    const { race, clock, across, up } = this;
    if (!race || !clock) return;
    const x = across(clock.now);
    this.played.style.width = `${MARGIN.left + x}px`;
    this.cursor.setAttribute("d", `M${x} ${up.range()[0]}V0`);
    race.optimizers.forEach(({ spent, middle }, i) => {
      const step = lastStep(spent, clock.now);
      this.markers[i].toggleAttribute("hidden", step < 0);
      if (step >= 0) {
        const y = this.heightOf(middle[step]);
        this.markers[i].setAttribute("transform", `translate(${x} ${y})`);
      }
    });
  }

  private draw(): void {
    const { race, clock } = this;
    const { clientWidth, clientHeight } = this.frame.parentElement!;
    if (!race || !clock) return;
    const width = Math.max(1, clientWidth - MARGIN.left - MARGIN.right);
    const height = Math.max(1, clientHeight - MARGIN.top - MARGIN.bottom);
    this.across = scaleLog().domain(clock.ends).range([0, width]);
    this.isLogarithmic = race.shows === "regret" && positive(race).length > 0;
    this.up = (this.isLogarithmic ? logarithmic(race) : linear(race)).range([height, 0]);
    this.markers = race.optimizers.map(({ line }) => svgElement("g", {}, marker(line, AREA)));
    const area = { x: MARGIN.left, y: MARGIN.top, width, height };
    this.frame.replaceChildren(
      this.axes(race, width, height),
      svgElement("svg", { ...area, class: "coming" }, ...this.middles(race)),
    );
    const svg = this.played.firstElementChild!;
    svg.setAttribute("width", String(clientWidth));
    svg.replaceChildren(svgElement("svg", area, ...this.curves(race)));
    this.moment.replaceChildren(inMargins(this.cursor, ...this.markers));
    this.tick();
  }

  private axes(race: Race, width: number, height: number): SVGGElement {
    const bottom = svgElement("g", { class: "axis", transform: `translate(0 ${height})` });
    const left = svgElement("g", { class: "axis" });
    const text = (tick: NumberValue) => shortText(tick.valueOf());
    const axes = [
      [bottom, axisBottom(this.across).tickValues(ticksOf(this.across, TICKS, true))],
      [
        left,
        axisLeft(this.up)
          .tickValues(ticksOf(this.up, TICKS, this.isLogarithmic))
          .tickSize(-width),
      ],
    ] as const;
    for (const [group, axis] of axes) select(group).call(axis.tickFormat(text).tickSizeOuter(0));
    const label = svgElement("text", { class: "label", x: width, y: height + 34 }, clockText(race));
    return inMargins(bottom, left, label);
  }

  private curves(race: Race): SVGElement[] {
    const { optimizers } = race;
    return [
      ...optimizers.flatMap((each) => this.bandOf(each)),
      ...optimizers.flatMap(({ line, runs }) =>
        runs
          .filter(({ number }) => number === this.run)
          .map((run) => this.curveOfRun(race, line, run)),
      ),
      ...this.middles(race),
      ...optimizers.flatMap((each, i) => this.markersOn(each, i / optimizers.length)),
    ];
  }

  private middles(race: Race): SVGPathElement[] {
    return race.optimizers.map(({ line, spent, middle }) =>
      svgElement("path", {
        class: `middle ${lineClass(line)}`,
        d: this.stepsOf(spent, middle),
      }),
    );
  }

  /** Markers on a curve. `shift` moves them along, so that those of near curves do not meet. */
  private markersOn({ line, spent, middle }: RacingOptimizer, shift: number): SVGGElement[] {
    const [first, last] = [this.across(spent[0]), this.across(spent.at(-1)!)];
    const places = range(first + MARKER_DISTANCE * (shift + 0.2), last, MARKER_DISTANCE);
    return places.map((x) => {
      const y = this.heightOf(middle[lastStep(spent, this.across.invert(x))]);
      const transform = `translate(${x} ${y})`;
      return svgElement("g", { transform }, marker(line, SMALL_AREA));
    });
  }

  private bandOf({ line, spent, band }: RacingOptimizer): SVGPathElement[] {
    if (!band) return [];
    const shape = area<number>()
      .curve(curveStepAfter)
      .x((step) => this.across(spent[step]))
      .y0((step) => this.heightOf(band.low[step]))
      .y1((step) => this.heightOf(band.high[step]));
    return [svgElement("path", { class: `band ${lineClass(line)}`, d: shape(spent.keys()) ?? "" })];
  }

  private curveOfRun(race: Race, line: number, { spent, accuracies }: RacingRun): SVGPathElement {
    const ends = [...spent.map((each) => Math.max(each, race.most * 1e-12)), race.most];
    const values = accuracies.map((accuracy) => shownOfAccuracy(race, accuracy));
    const d = values.length > 0 ? this.stepsOf(ends, [...values, values.at(-1)!]) : "";
    return svgElement("path", { class: `of-run ${lineClass(line)}`, d });
  }

  private stepsOf(spent: readonly number[], values: readonly number[]): string {
    const path = line<number>()
      .curve(curveStepAfter)
      .x((step) => this.across(spent[step]))
      .y((step) => this.heightOf(values[step]));
    return path(spent.keys()) ?? "";
  }

  /** The height of a value. One that a logarithmic axis can't show lies below the picture. */
  private heightOf(value: number): number {
    const below = 2 * this.up.range()[0];
    const height = this.up(value);
    return Number.isFinite(height) ? Math.min(height, below) : below;
  }
}

function inMargins(...children: SVGElement[]): SVGGElement {
  const transform = `translate(${MARGIN.left} ${MARGIN.top})`;
  return svgElement("g", { transform }, ...children);
}

function middlesOf({ optimizers }: Race): number[] {
  return optimizers.flatMap(({ middle }) => middle);
}

/** The values that a logarithmic axis can show. */
function positive(race: Race): number[] {
  return middlesOf(race).filter((value) => value > 0);
}

function logarithmic(race: Race): Scale {
  const [low, high] = extent(positive(race)) as [number, number];
  return scaleLog().domain([low / BORDER, high * BORDER]);
}

function linear(race: Race): Scale {
  const [low, high] = extent(middlesOf(race)) as [number, number];
  const border = (high - low) * LINEAR_BORDER || LINEAR_BORDER;
  return scaleLinear().domain([low - border, high + border]);
}

function clockText({ clock }: Race): string {
  return clock === "seconds" ? "simulated training time (seconds)" : "evaluations";
}
