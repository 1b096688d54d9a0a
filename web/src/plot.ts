// All cells as points between two axes: pan, zoom, choose a cell, or drag a box that filters.
import { axisBottom, axisLeft } from "d3-axis";
import { pointer, select } from "d3-selection";
import { zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { placesOf, scaleOf, type Axis, type Scale } from "./axis.ts";
import { NO_ROW } from "./cell_rows.ts";
import type { Bounds } from "./filter.ts";
import { histogramPath } from "./histogram.ts";
import { Scatter } from "./scatter.ts";
import { shadeColours, shadesOf } from "./shades.ts";

export interface Points {
  readonly x: Axis;
  readonly y: Axis;
  readonly colour: Axis;
  /** By row, whether a cell is drawn. */
  readonly inside: Uint8Array;
  /** The rows of the Pareto front. */
  readonly front: readonly number[];
}

export interface PlotEvents {
  choose(row: number): void;
  bound(x: Bounds, y: Bounds): void;
}

const MARGIN = { left: 58, right: 44, top: 44, bottom: 24 };
const HISTOGRAM = 38; // pixels that the fullest bin takes, in the margins
const ZOOMS: [number, number] = [0.2, 500];
const REACH = 14; // pixels from a click to the cell that it means
const FRONT_POINTS = 3; // the radius in pixels

export class Plot {
  private readonly canvas: HTMLCanvasElement;
  private readonly scatter: Scatter | null;
  private readonly events: PlotEvents;
  private readonly svg;
  private readonly marks;
  /** The histograms above and beside the points. */
  private readonly across;
  private readonly up;
  private readonly area;
  private readonly zoom = zoom<SVGRectElement, unknown>().scaleExtent(ZOOMS);
  private points: Points | null = null;
  private row = NO_ROW;
  private size: readonly [number, number] = [1, 1];
  private isDrawn = true;
  private isBoxOn = false;

  constructor(canvas: HTMLCanvasElement, svg: SVGSVGElement, events: PlotEvents) {
    [this.canvas, this.events] = [canvas, events];
    this.scatter = Scatter.on(canvas);
    this.scatter?.setColours(shadeColours());
    this.svg = select(svg).append("g").attr("transform", `translate(${MARGIN.left},${MARGIN.top})`);
    this.svg.append("g").attr("class", "x axis");
    this.svg.append("g").attr("class", "y axis");
    this.marks = this.svg.append("svg"); // it cuts off what lies outside
    this.marks.append("path").attr("class", "front");
    this.marks.append("g").attr("class", "front-cells");
    this.marks.append("circle").attr("class", "chosen").attr("r", 7);
    this.marks.append("rect").attr("class", "box");
    this.across = this.svg.append("svg").attr("y", -HISTOGRAM).attr("height", HISTOGRAM);
    this.up = this.svg.append("svg").attr("width", HISTOGRAM);
    this.across.append("path").attr("class", "histogram");
    this.up.append("path").attr("class", "histogram");
    this.area = this.svg.append("rect").attr("class", "area");
    this.zoom.filter((event) => !this.drawsBox(event) && !event.button);
    this.zoom.on("zoom", () => this.redraw());
    this.area
      .call(this.zoom)
      .on("click", (event) => this.drawsBox(event) || this.choose(pointer(event)));
    this.area.on("pointerdown", (event) => this.drawsBox(event) && this.dragBox(event));
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement!);
  }

  setPoints(points: Points): void {
    const isSameView =
      this.points?.x.column === points.x.column && this.points.y.column === points.y.column;
    this.points = points;
    const shown = ({ column, values }: Axis) =>
      placesOf({ column, values }).map((place, row) => (points.inside[row] ? place : NaN));
    const [x, y] = [shown(points.x), shown(points.y)];
    this.scatter?.setPoints(x, y, shadesOf(points.colour));
    this.across.select("path").attr("d", histogramPath(x));
    this.up.select("path").attr("d", histogramPath(y));
    if (!isSameView) this.area.call(this.zoom.transform, zoomIdentity);
    this.redraw();
  }

  /** Whether the browser can draw the points. If not, the rest of the plot works. */
  get hasPoints(): boolean {
    return this.scatter !== null;
  }

  setChosen(row: number): void {
    this.row = row;
    this.redraw();
  }

  /** Whether a drag without Shift draws a box too, for screens that are touched. */
  setBoxes(isOn: boolean): void {
    this.isBoxOn = isOn;
  }

  /** Zooms by a factor around the middle, for buttons and keys. */
  zoomBy(factor: number): void {
    this.area.call(this.zoom.scaleBy, factor);
  }

  reset(): void {
    this.area.call(this.zoom.transform, zoomIdentity);
  }

  private drawsBox(event: { shiftKey: boolean; type: string }): boolean {
    return event.type !== "wheel" && (event.shiftKey || this.isBoxOn);
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.canvas.parentElement!;
    const [width, height] = [
      Math.max(1, clientWidth - MARGIN.left - MARGIN.right),
      Math.max(1, clientHeight - MARGIN.top - MARGIN.bottom),
    ];
    this.size = [width, height];
    this.canvas.width = width * devicePixelRatio;
    this.canvas.height = height * devicePixelRatio;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.area.attr("width", width).attr("height", height);
    this.marks.attr("width", width).attr("height", height);
    this.across.attr("width", width);
    this.up.attr("x", width).attr("height", height);
    this.zoom.extent([
      [0, 0],
      [width, height],
    ]);
    this.redraw();
  }

  /** Draws at the next picture of the screen, once for all changes until then. */
  private redraw(): void {
    if (!this.isDrawn) return;
    this.isDrawn = false;
    requestAnimationFrame(() => {
      this.isDrawn = true;
      this.draw();
    });
  }

  private draw(): void {
    if (!this.points) return;
    const [width, height] = this.size;
    const { k, x, y } = zoomTransform(this.area.node()!);
    const view = {
      scale: [k, k],
      shift: [x / width, 1 - k - y / height],
    } as const;
    this.scatter?.draw(view, lookOf(this.points.inside.length, k));
    const [across, up] = this.scales();
    const ticks = width / 90;
    this.svg
      .select<SVGGElement>(".x.axis")
      .attr("transform", `translate(0,${height})`)
      .call(axisBottom(across).ticks(ticks));
    this.svg.select<SVGGElement>(".y.axis").call(axisLeft(up).ticks(height / 50));
    this.drawHistograms(k, x, y);
    this.drawFront(across, up);
    this.drawChosen(across, up);
  }

  /** Moves the histograms with the points: their paths have the unit square as their space. */
  private drawHistograms(k: number, x: number, y: number): void {
    const [width, height] = this.size.map((pixels) => k * pixels);
    const above = [width, 0, 0, -HISTOGRAM, x, HISTOGRAM];
    const beside = [0, -height, HISTOGRAM, 0, 0, height + y];
    this.across.select("path").attr("transform", `matrix(${above})`);
    this.up.select("path").attr("transform", `matrix(${beside})`);
  }

  private drawFront(across: Scale, up: Scale): void {
    const places = this.points!.front.map((row) => this.placeOf(row, across, up));
    const path = places.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x} ${y}`).join("");
    this.marks.select(".front").attr("d", path);
    this.marks
      .select(".front-cells")
      .selectAll("circle")
      .data(places)
      .join("circle")
      .attr("cx", ([x]) => x)
      .attr("cy", ([, y]) => y)
      .attr("r", FRONT_POINTS);
  }

  private drawChosen(across: Scale, up: Scale): void {
    const place = this.row === NO_ROW ? [NaN, NaN] : this.placeOf(this.row, across, up);
    const isKnown = place.every((number) => Number.isFinite(number));
    const chosen = this.marks.select(".chosen").attr("visibility", isKnown ? "visible" : "hidden");
    if (isKnown) chosen.attr("cx", place[0]).attr("cy", place[1]);
  }

  private placeOf(row: number, across: Scale, up: Scale): readonly [number, number] {
    const { x, y } = this.points!;
    return [across(x.values[row]), up(y.values[row])];
  }

  private choose([x, y]: [number, number]): void {
    if (!this.points) return;
    const { inside } = this.points;
    const [across, up] = this.scales();
    let [nearest, least] = [NO_ROW, REACH ** 2];
    for (let row = 0; row < inside.length; ++row) {
      if (!inside[row]) continue;
      const [rowX, rowY] = this.placeOf(row, across, up);
      const distance = (rowX - x) ** 2 + (rowY - y) ** 2;
      if (distance < least) [nearest, least] = [row, distance];
    }
    if (nearest !== NO_ROW) this.events.choose(nearest);
  }

  /** Follows the pointer until its button is released, and then filters by the box. */
  private dragBox(event: PointerEvent): void {
    const node = this.area.node()!;
    node.setPointerCapture(event.pointerId);
    const start = pointer(event);
    const box = this.marks.select(".box");
    this.area.on("pointermove", (moved) => {
      const [[left, right], [top, bottom]] = sides(start, pointer(moved));
      box
        .attr("x", left)
        .attr("y", top)
        .attr("width", right - left)
        .attr("height", bottom - top);
    });
    this.area.on("pointerup pointercancel", (ended) => {
      this.area.on("pointermove pointerup pointercancel", null);
      box.attr("width", 0).attr("height", 0);
      const [x, y] = sides(start, pointer(ended));
      const [across, up] = this.scales();
      if (ended.type === "pointercancel" || x[0] === x[1] || y[0] === y[1]) return;
      this.events.bound(
        [rounded(across.invert(x[0])), rounded(across.invert(x[1]))],
        [rounded(up.invert(y[1])), rounded(up.invert(y[0]))],
      );
    });
  }

  private scales(): readonly [Scale, Scale] {
    const [width, height] = this.size;
    const transform = zoomTransform(this.area.node()!);
    return [
      transform.rescaleX(scaleOf(this.points!.x, [0, width])),
      transform.rescaleY(scaleOf(this.points!.y, [height, 0])),
    ];
  }
}

function sides(
  one: [number, number],
  other: [number, number],
): [[number, number], [number, number]] {
  const sorted = (a: number, b: number): [number, number] => [Math.min(a, b), Math.max(a, b)];
  return [sorted(one[0], other[0]), sorted(one[1], other[1])];
}

/** A bound as people write it, which is far nearer than a pixel. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

/** Many points are small and faint, so that one sees how many there are in a place. */
function lookOf(count: number, zoomed: number) {
  const crowd = Math.min(1, Math.log10(Math.max(1, count / 100)) / 3.6);
  const closer = Math.min(1, Math.log10(Math.max(1, zoomed)) / 2);
  const faint = crowd * (1 - closer);
  return { size: (9 - 6.5 * faint) * devicePixelRatio, opacity: 0.9 - 0.65 * faint };
}
