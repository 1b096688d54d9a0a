// What the colours of the points mean.
import { extent } from "d3-array";
import type { Axis } from "./axis.ts";
import { svgElement } from "./dom.ts";
import { valueText } from "./number_text.ts";
import { colourAt } from "./shades.ts";

const PARTS = 24;
const BAR = { width: 144, height: 12 };

/** The least value, a bar of colours and the greatest value. */
export function legend({ column, values }: Axis): (string | SVGSVGElement)[] {
  const [least, greatest] = extent(values);
  if (least === undefined || greatest === undefined) return [`no cell has a ${column.label}`];
  const width = BAR.width / PARTS;
  const parts = Array.from({ length: PARTS }, (_, part) =>
    svgElement("rect", {
      x: part * width,
      width,
      height: BAR.height,
      fill: colourAt(part / (PARTS - 1)),
    }),
  );
  const bar = svgElement("svg", { "aria-hidden": "true", ...BAR }, ...parts);
  return [`${column.label}: ${valueText(column, least)} `, bar, ` ${valueText(column, greatest)}`];
}
