// A cell as a picture, from top to bottom: each vertex is below all vertices that lead to it.
import { svgElement } from "./dom.ts";
import { bitsOf, liveVertices, numVertices, type Graph } from "./graph.ts";
import { OP_NAMES, SHORT_NAMES } from "./op.ts";

const BOX = { width: 46, height: 22 };
const GAP = 12;
const LANE_WIDTH = 12; // between two boxes of a row, for an edge that passes through the row
const ROW_HEIGHT = 42;
const MARGIN = 4;

/** What a row holds: the box of a vertex (v = w), or the lane of an edge from v to w. */
interface Item {
  readonly v: number;
  readonly w: number;
  readonly row: number;
  readonly above: Item[];
  x: number;
}

/** An SVG of a graph. What pruning removes is greyed. */
export function cellDrawing(graph: Graph, name: string): SVGSVGElement {
  const live = liveVertices(graph);
  const { rows, paths } = placedItems(graph);
  const items = rows.flat();
  const left = Math.min(...items.map((item) => item.x - widthOf(item) / 2)) - MARGIN;
  const right = Math.max(...items.map((item) => item.x + widthOf(item) / 2)) + MARGIN;
  const height = 2 * MARGIN + BOX.height + (rows.length - 1) * ROW_HEIGHT;
  const edges = paths.map((path) => edgeOf(path, live));
  const boxes = items.filter(({ v, w }) => v === w).map((item) => boxOf(item, graph, live));
  const size = { width: right - left, height };
  const view = `${left} 0 ${right - left} ${height}`;
  return svgElement(
    "svg",
    { class: "cell", role: "img", "aria-label": name, viewBox: view, ...size },
    ...edges,
    ...boxes,
  );
}

/** The items of each row, at their places, and the items that each edge connects. */
function placedItems(graph: Graph): { rows: Item[][]; paths: Item[][] } {
  const depth = rowsOfVertices(graph);
  const rows: Item[][] = Array.from({ length: Math.max(...depth) + 1 }, () => []);
  const added = (v: number, w: number, row: number): Item => {
    const item: Item = { v, w, row, above: [], x: 0 };
    rows[row].push(item);
    return item;
  };
  const boxes = depth.map((row, v) => added(v, v, row));
  const paths: Item[][] = [];
  graph.successors.forEach((bits, v) => {
    for (const w of bitsOf(bits)) {
      const path = [boxes[v]];
      for (let row = depth[v] + 1; row < depth[w]; ++row) path.push(added(v, w, row));
      path.push(boxes[w]);
      path.slice(1).forEach((item, place) => item.above.push(path[place]));
      paths.push(path);
    }
  });
  for (const row of rows) placeRow(row);
  return { rows, paths };
}

/** The row of each vertex: the length of the longest path to it. The output has the last row. */
function rowsOfVertices(graph: Graph): number[] {
  const depth = graph.successors.map(() => 0);
  graph.successors.forEach((bits, v) => {
    for (const w of bitsOf(bits)) depth[w] = Math.max(depth[w], depth[v] + 1);
  });
  depth[depth.length - 1] = Math.max(
    depth[depth.length - 1],
    ...depth.slice(0, -1).map((d) => d + 1),
  );
  return depth;
}

/** Places the items of a row side by side, in the order of the mean place of what is above. */
function placeRow(row: Item[]): void {
  const mean = new Map(
    row.map((item) => [
      item,
      item.above.reduce((sum, { x }) => sum + x, 0) / (item.above.length || 1),
    ]),
  );
  row.sort((one, other) => mean.get(one)! - mean.get(other)!);
  let x = -(row.reduce((sum, item) => sum + widthOf(item) + GAP, -GAP) / 2);
  for (const item of row) {
    item.x = x + widthOf(item) / 2;
    x += widthOf(item) + GAP;
  }
}

function widthOf({ v, w }: Item): number {
  return v === w ? BOX.width : LANE_WIDTH;
}

function topOf(item: Item): number {
  return MARGIN + item.row * ROW_HEIGHT;
}

/** The curve of an edge, from the bottom of a box through its lanes to the top of a box. */
function edgeOf(path: Item[], live: number): SVGPathElement {
  let curve = `M${path[0].x} ${topOf(path[0]) + BOX.height}`;
  path.slice(1).forEach((item, place) => {
    const from = path[place];
    const middle = (topOf(from) + BOX.height + topOf(item)) / 2;
    curve += `C${from.x} ${middle} ${item.x} ${middle} ${item.x} ${topOf(item)}`;
    if (item.v !== item.w) curve += `v${BOX.height}`; // straight past the boxes of the row
  });
  const ends = (1 << path[0].v) | (1 << path[path.length - 1].v);
  return svgElement("path", { class: (live & ends) === ends ? "edge" : "edge dead", d: curve });
}

function boxOf(item: Item, graph: Graph, live: number): SVGGElement {
  const { v, x } = item;
  const output = numVertices(graph) - 1;
  const [short, long] =
    v === 0
      ? ["in", "input"]
      : v === output
        ? ["out", "output"]
        : [SHORT_NAMES[graph.labels[v]], OP_NAMES[graph.labels[v]]];
  const kind = (live >>> v) & 1 ? "" : " dead";
  const box = { x: x - BOX.width / 2, y: topOf(item), rx: 4, ...BOX };
  return svgElement(
    "g",
    { class: `vertex op-${v === 0 || v === output ? "end" : graph.labels[v]}${kind}` },
    svgElement("title", {}, `${v}: ${long}`),
    svgElement("rect", box),
    svgElement("text", { x, y: topOf(item) + BOX.height / 2 + 4, "text-anchor": "middle" }, short),
  );
}
