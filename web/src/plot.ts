// All cells as points between two axes: pan, zoom, choose a cell, or draw around those to keep.
import { axisBottom, axisLeft, type Axis as DrawnAxis } from "d3-axis";
import type { NumberValue } from "d3-scale";
import { pointer, select } from "d3-selection";
import { zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { ticksOf, type Axis, type Scale } from "./axis.ts";
import { NO_ROW } from "./cell_rows.ts";
import type { Bounds } from "./filter.ts";
import { histogramPath } from "./histogram.ts";
import { polygonOf, type Lasso } from "./lasso.ts";
import { shortText } from "./number_text.ts";
import { Racers, type Racer } from "./racers.ts";
import { Scatter } from "./scatter.ts";
import { shadeColours, shadesOf } from "./shades.ts";
import { followPointer, type Place } from "./trace.ts";

export interface Points {
  readonly x: Axis;
  readonly y: Axis;
  readonly colour: Axis;
  /** By row, whether a cell is drawn. */
  readonly inside: Uint8Array;
  /** The rows of the Pareto front. */
  readonly front: readonly number[];
  /** The lasso on these axes. */
  readonly lasso: Lasso | null;
}

export interface PlotEvents {
  choose(row: number): void;
  bound(x: Bounds, y: Bounds): void;
  enclose(vertices: readonly Place[]): void;
  /** Goes to the next cell of the table, or to the one before. */
  step(direction: 1 | -1): void;
}

/** What a drag does. With Shift, it always draws a box. */
export type Drag = "move" | "box" | "lasso";

const MARGIN = { left: 66, right: 44, top: 44, bottom: 42 };
const HISTOGRAM = 38; // pixels that the fullest bin takes, in the margins
const ZOOMS: [number, number] = [0.2, 500];
const ZOOM_STEP = 1.6; // of a button or a key
const MOVE_STEP = 60; // pixels, of a key
const REACH = 14; // pixels from a click to the cell that it means
const FRONT_POINTS = 3; // the radius in pixels
const LEAST_DRAG = 3; // pixels; a shorter one is a click
const REST = 250; // milliseconds without a movement until all points are drawn

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
  private readonly racers: Racers;
  private readonly zoom = zoom<SVGRectElement, unknown>().scaleExtent(ZOOMS);
  private points: Points | null = null;
  private row = NO_ROW;
  private marked = NO_ROW;
  private size: readonly [number, number] = [1, 1];
  private isDrawn = true;
  private isMoving = false;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private drag: Drag = "move";
  /** The scales of what is on the screen. */
  private drawn: readonly [Scale, Scale] | null = null;

  constructor(canvas: HTMLCanvasElement, svg: SVGSVGElement, events: PlotEvents) {
    [this.canvas, this.events] = [canvas, events];
    this.scatter = Scatter.on(canvas, () => this.upload());
    canvas.style.left = `${MARGIN.left}px`;
    canvas.style.top = `${MARGIN.top}px`;
    this.svg = select(svg).append("g").attr("transform", `translate(${MARGIN.left},${MARGIN.top})`);
    this.svg.append("g").attr("class", "x axis");
    this.svg.append("g").attr("class", "y axis");
    this.svg.append("text").attr("class", "x title").attr("text-anchor", "end");
    this.svg.append("text").attr("class", "y title").attr("text-anchor", "end");
    this.marks = this.svg.append("svg"); // it cuts off what lies outside
    for (const kind of ["front", "lasso"]) this.marks.append("path").attr("class", kind);
    this.marks.append("g").attr("class", "front-cells");
    this.racers = new Racers(this.marks.append("g").node()!);
    for (const kind of ["marked", "chosen"]) {
      this.marks.append("circle").attr("class", kind).attr("r", 7);
    }
    this.marks.append("path").attr("class", "drag");
    this.across = this.svg.append("svg").attr("y", -HISTOGRAM).attr("height", HISTOGRAM);
    this.up = this.svg.append("svg").attr("width", HISTOGRAM);
    this.across.append("path").attr("class", "histogram");
    this.up.append("path").attr("class", "histogram");
    this.area = this.svg.append("rect").attr("class", "area");
    this.listen(svg);
  }

  private listen(svg: SVGSVGElement): void {
    const keeps = (event: MouseEvent) => event.type !== "wheel" && this.dragOf(event) !== "move";
    this.zoom.filter((event) => !keeps(event) && !event.button);
    this.zoom.on("zoom", () => this.redraw(true));
    this.area.call(this.zoom);
    this.area.on("click", (event) => keeps(event) || this.choose(pointer(event)));
    this.area.on(
      "pointerdown",
      (event) => keeps(event) && event.button === 0 && this.followDrag(event),
    );
    svg.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !this.press(event.key)) return;
      event.preventDefault();
    });
    new ResizeObserver(() => this.resize()).observe(this.canvas.parentElement!);
  }

  setPoints(points: Points): void {
    const isSameView =
      this.points?.x.column === points.x.column && this.points.y.column === points.y.column;
    this.points = points;
    this.svg.select(".x.title").text(titleOf(points.x));
    this.svg.select(".y.title").text(titleOf(points.y));
    this.upload();
    if (!isSameView) this.area.call(this.zoom.transform, zoomIdentity);
    this.redraw();
  }

  /** Whether the browser can draw the points. If not, the rest of the plot works. */
  get hasPoints(): boolean {
    return this.scatter !== null;
  }

  /** Waits until all points have been drawn for the first time. */
  async firstPicture(): Promise<void> {
    await this.scatter?.drawn;
  }

  /** Draws a ring around the cell that is shown. */
  setChosen(row: number): void {
    this.row = row;
    if (this.drawn) this.drawRings(...this.drawn);
  }

  /** Draws a fainter ring, around a cell that is pointed at elsewhere. */
  setMarked(row: number): void {
    this.marked = row;
    if (this.drawn) this.drawRings(...this.drawn);
  }

  /** The incumbents of a race. */
  setRacers(racers: readonly Racer[]): void {
    this.racers.set(racers);
    if (this.drawn) this.drawRacers(...this.drawn);
  }

  setDrag(drag: Drag): void {
    this.drag = drag;
  }

  zoomIn(): void {
    this.area.call(this.zoom.scaleBy, ZOOM_STEP);
  }

  zoomOut(): void {
    this.area.call(this.zoom.scaleBy, 1 / ZOOM_STEP);
  }

  reset(): void {
    this.area.call(this.zoom.transform, zoomIdentity);
  }

  /** Does what a key means; false if it means nothing. */
  private press(key: string): boolean {
    const move = (x: number, y: number) => () => {
      const { k } = this.transform();
      this.area.call(this.zoom.translateBy, (x * MOVE_STEP) / k, (y * MOVE_STEP) / k);
    };
    const actions: Record<string, () => void> = {
      ArrowLeft: move(1, 0),
      ArrowRight: move(-1, 0),
      ArrowUp: move(0, 1),
      ArrowDown: move(0, -1),
      "+": () => this.zoomIn(),
      "=": () => this.zoomIn(),
      "-": () => this.zoomOut(),
      Home: () => this.reset(),
      PageDown: () => this.events.step(1),
      PageUp: () => this.events.step(-1),
    };
    actions[key]?.();
    return key in actions;
  }

  private dragOf(event: MouseEvent): Drag {
    return event.shiftKey ? "box" : this.drag;
  }

  private upload(): void {
    if (!this.points) return;
    const { x, y, colour, inside } = this.points;
    const shown = (places: Float32Array) => places.map((place, row) => (inside[row] ? place : NaN));
    const [across, up] = [shown(x.places), shown(y.places)];
    this.scatter?.setColours(shadeColours());
    this.scatter?.setPoints(across, up, shadesOf(colour));
    this.across.select("path").attr("d", histogramPath(across));
    this.up.select("path").attr("d", histogramPath(up));
    this.redraw();
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.canvas.parentElement!;
    const [width, height] = [
      Math.max(1, clientWidth - MARGIN.left - MARGIN.right),
      Math.max(1, clientHeight - MARGIN.top - MARGIN.bottom),
    ];
    const [scaleX, scaleY] = [width / this.size[0], height / this.size[1]];
    const { k, x, y } = this.transform();
    this.size = [width, height];
    this.canvas.width = width * devicePixelRatio;
    this.canvas.height = height * devicePixelRatio;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.area.attr("width", width).attr("height", height);
    this.marks.attr("width", width).attr("height", height);
    this.across.attr("width", width);
    this.up.attr("x", width).attr("height", height);
    const below = height + MARGIN.bottom - 6;
    this.svg.select(".x.title").attr("x", width).attr("y", below);
    this.svg.select(".y.title").attr("transform", `translate(${14 - MARGIN.left},0) rotate(-90)`);
    this.zoom.extent([
      [0, 0],
      [width, height],
    ]);
    // What was shown is still shown, as far as the new shape allows.
    this.area.call(this.zoom.transform, zoomIdentity.translate(scaleX * x, scaleY * y).scale(k));
  }

  /**
   * Draws at the next picture of the screen, once for all changes until then. While the view
   * moves, not all points may be drawn; they are when it rests.
   */
  private redraw(isMoving = false): void {
    this.isMoving = isMoving;
    clearTimeout(this.rest);
    if (!this.isDrawn) return;
    this.isDrawn = false;
    requestAnimationFrame(() => {
      this.isDrawn = true;
      this.draw();
      if (this.isMoving) this.rest = setTimeout(() => this.redraw(), REST);
    });
  }

  private draw(): void {
    if (!this.points) return;
    const [width, height] = this.size;
    const { k, x, y } = this.transform();
    if (this.scatter) {
      const shift = [x / width, 1 - k - y / height] as const;
      this.scatter.draw({ scale: [k, k], shift }, lookOf(this.scatter.size, k), this.isMoving);
    }
    const [across, up] = (this.drawn = this.scales());
    this.svg
      .select<SVGGElement>(".x.axis")
      .attr("transform", `translate(0,${height})`)
      .call(withTicks(axisBottom(across), across, this.points.x, width / 90));
    this.svg
      .select<SVGGElement>(".y.axis")
      .call(withTicks(axisLeft(up), up, this.points.y, height / 50));
    this.drawHistograms(k, x, y);
    this.drawFront(across, up);
    this.drawLasso(across, up);
    this.drawRacers(across, up);
    this.drawRings(across, up);
  }

  private drawRings(across: Scale, up: Scale): void {
    this.drawRing(".chosen", this.row, across, up);
    this.drawRing(".marked", this.marked, across, up);
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
    this.marks.select(".front").attr("d", pathOf(places));
    this.marks
      .select(".front-cells")
      .selectAll("circle")
      .data(places)
      .join("circle")
      .attr("cx", ([x]) => x)
      .attr("cy", ([, y]) => y)
      .attr("r", FRONT_POINTS);
  }

  private drawLasso(across: Scale, up: Scale): void {
    const vertices = this.points!.lasso?.vertices ?? [];
    const places = vertices.map(([x, y]): Place => [across(x), up(y)]);
    this.marks.select(".lasso").attr("d", pathOf(places, "Z"));
  }

  private drawRacers(across: Scale, up: Scale): void {
    this.racers.draw((row) => this.placeOf(row, across, up));
  }

  private drawRing(kind: string, row: number, across: Scale, up: Scale): void {
    const place = row === NO_ROW ? [NaN, NaN] : this.placeOf(row, across, up);
    const isKnown = place.every((number) => Number.isFinite(number));
    const ring = this.marks.select(kind).attr("visibility", isKnown ? "visible" : "hidden");
    if (isKnown) ring.attr("cx", place[0]).attr("cy", place[1]);
  }

  private placeOf(row: number, across: Scale, up: Scale): Place {
    const { x, y } = this.points!;
    return [across(x.values[row]), up(y.values[row])];
  }

  private choose([clickX, clickY]: Place): void {
    if (!this.points) return;
    const racer = this.racers.nearest([clickX, clickY], REACH);
    if (racer !== NO_ROW) return this.events.choose(racer);
    const { x, y, inside } = this.points;
    const [width, height] = this.size;
    const transform = this.transform();
    let [nearest, least] = [NO_ROW, REACH ** 2];
    for (let row = 0; row < inside.length; ++row) {
      if (!inside[row]) continue;
      const dx = transform.applyX(x.places[row] * width) - clickX;
      const dy = transform.applyY((1 - y.places[row]) * height) - clickY;
      const distance = dx ** 2 + dy ** 2;
      if (distance < least) [nearest, least] = [row, distance];
    }
    if (nearest !== NO_ROW) this.events.choose(nearest);
  }

  /** Draws what the pointer encloses until it is released, and then keeps the cells within. */
  private followDrag(event: PointerEvent): void {
    const isBox = this.dragOf(event) === "box";
    const outline = this.marks.select(".drag");
    const shapeOf = (path: readonly Place[]) => (isBox ? boxOf(path) : path);
    followPointer(
      this.area.node()!,
      event,
      (path) => outline.attr("d", pathOf(shapeOf(path), "Z")),
      (path) => {
        outline.attr("d", "");
        if (path === null || isShort(path)) return;
        const values = this.valuesAt(isBox ? boxOf(path) : polygonOf(path));
        if (!isBox) return this.events.enclose(values);
        const [[left, bottom], , [right, top]] = values;
        this.events.bound([left, right], [bottom, top]);
      },
    );
  }

  /** The values at some places, as people write them: far nearer than a pixel. */
  private valuesAt(places: readonly Place[]): Place[] {
    const [across, up] = this.scales();
    const rounded = (value: number) => Number(value.toPrecision(6));
    return places.map(([x, y]) => [rounded(across.invert(x)), rounded(up.invert(y))]);
  }

  private transform() {
    return zoomTransform(this.area.node()!);
  }

  private scales(): readonly [Scale, Scale] {
    const [width, height] = this.size;
    const { x, y } = this.points!;
    const transform = this.transform();
    return [
      transform.rescaleX(x.scale.copy().range([0, width])),
      transform.rescaleY(y.scale.copy().range([height, 0])),
    ];
  }
}

/** An axis with about as many round numbers. */
function withTicks(drawn: DrawnAxis<NumberValue>, scale: Scale, axis: Axis, count: number) {
  if (!axis.column.isLogarithmic) return drawn.ticks(count);
  return drawn
    .tickValues(ticksOf(scale, count, true))
    .tickFormat((value) => shortText(value.valueOf()));
}

function titleOf({ column }: Axis): string {
  return column.unit ? `${column.label} [${column.unit}]` : column.label;
}

function pathOf(places: readonly Place[], end = ""): string {
  return places.length === 0 ? "" : `M${places.map(([x, y]) => `${x} ${y}`).join("L")}${end}`;
}

/** The corners of the box between the ends of a path, from the bottom left one. */
function boxOf(path: readonly Place[]): Place[] {
  const [[x, y], [toX, toY]] = [path[0], path[path.length - 1]];
  const [left, right] = [Math.min(x, toX), Math.max(x, toX)];
  const [top, bottom] = [Math.min(y, toY), Math.max(y, toY)];
  return [
    [left, bottom],
    [right, bottom],
    [right, top],
    [left, top],
  ];
}

function isShort(path: readonly Place[]): boolean {
  const isNear = ([x, y]: Place) =>
    Math.abs(x - path[0][0]) < LEAST_DRAG || Math.abs(y - path[0][1]) < LEAST_DRAG;
  return path.every(isNear);
}

/** Many points are small and faint, so that one sees how many there are in a place. */
function lookOf(count: number, zoomed: number) {
  const crowd = Math.min(1, Math.log10(Math.max(1, count / 100)) / 3.6);
  const closer = Math.min(1, Math.log10(Math.max(1, zoomed)) / 2);
  const faint = crowd * (1 - closer);
  return { size: (9 - 6.5 * faint) * devicePixelRatio, opacity: 0.9 - 0.65 * faint };
}
