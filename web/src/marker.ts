// The colour and the marker of an optimizer by the number of its line, as in the package's figures.
import { svgElement } from "./dom.ts";

const COLOURS = 9; // in style.css
type Corner = readonly [number, number];

// Polygons of area 1 around (0, 0), each with the degrees by which it is turned.
const CIRCLE = around(32, [0, 0.566]);
const SQUARE = around(4, [0.5, 0.5]);
const DIAMOND = around(2, [0, -0.931], [0.537, 0]);
const TRIANGLE = around(3, [0, -0.877]);
const CROSS = around(4, [-0.224, -0.671], [0.224, -0.671], [0.224, -0.224]);
const STAR = around(5, [0, -0.944], [0.212, -0.292]);
const WYE = around(3, [0.27, 0.156], [0.27, 0.696], [-0.27, 0.696]);
const SHAPES: readonly (readonly [readonly Corner[], number])[] = [
  [CIRCLE, 0],
  [SQUARE, 0],
  [DIAMOND, 0],
  [TRIANGLE, 0],
  [TRIANGLE, 180],
  [CROSS, 0],
  [CROSS, 45],
  [STAR, 0],
  [TRIANGLE, 270],
  [TRIANGLE, 90],
  [WYE, 0],
];

/** The corners of a part of a polygon and of as many more turned copies as go around. */
function around(copies: number, ...part: Corner[]): Corner[] {
  return Array.from({ length: copies }, (_, copy) => {
    const angle = (2 * Math.PI * copy) / copies;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return part.map(([x, y]): Corner => [x * cos - y * sin, x * sin + y * cos]);
  }).flat();
}

/** The class of what has the colour of a line. */
export function lineClass(line: number): string {
  return `line-${line % COLOURS}`;
}

/** The marker of a line, around the place (0, 0), with an area in square pixels. */
export function marker(line: number, area: number): SVGPathElement {
  const [corners, turn] = SHAPES[line % SHAPES.length];
  const side = Math.sqrt(area);
  const d = `M${corners.map(([x, y]) => `${x * side} ${y * side}`).join("L")}Z`;
  return svgElement("path", {
    class: `marker ${lineClass(line)}`,
    d,
    transform: `rotate(${turn})`,
  });
}
