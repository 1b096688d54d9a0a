// What the colours of the points mean.
import { min } from "d3-array";
import type { Axis } from "./axis.ts";
import { svgElement } from "./dom.ts";
import { valueText } from "./number_text.ts";
import { colourAt } from "./shades.ts";

const PARTS = 24;
const BAR = { width: 144, height: 12 };

/** The ends of the axis and a bar of colours between them. Cells beyond an end have its colour. */
export function legend({ column, values, ends }: Axis): (string | SVGSVGElement)[] {
  const least = min(values);
  if (least === undefined) return [`no cell has a ${column.label}`];
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
  const [low, high] = ends;
  const lowText = `${least < low ? "≤ " : ""}${valueText(column, low)}`;
  return [`${column.label}: ${lowText} `, bar, ` ${valueText(column, high)}`];
}
