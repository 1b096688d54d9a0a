// The colour and the marker of an optimizer by the number of its line, as in the package's figures.
import {
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
  type SymbolType,
} from "d3-shape";
import { svgElement } from "./dom.ts";

const COLOURS = 9; // in style.css
// Each with the degrees by which it is turned.
const SHAPES: readonly (readonly [SymbolType, number])[] = [
  [symbolCircle, 0],
  [symbolSquare, 0],
  [symbolDiamond, 0],
  [symbolTriangle, 0],
  [symbolTriangle, 180],
  [symbolCross, 0],
  [symbolCross, 45],
  [symbolStar, 0],
  [symbolTriangle, 270],
  [symbolTriangle, 90],
  [symbolWye, 0],
];

/** The class of what has the colour of a line. */
export function lineClass(line: number): string {
  return `line-${line % COLOURS}`;
}

/** The marker of a line, around the place (0, 0), with an area in square pixels. */
export function marker(line: number, area: number): SVGPathElement {
  const [shape, turn] = SHAPES[line % SHAPES.length];
  const d = symbol(shape, area)() ?? "";
  return svgElement("path", {
    class: `marker ${lineClass(line)}`,
    d,
    transform: `rotate(${turn})`,
  });
}
