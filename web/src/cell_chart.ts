// The mean validation accuracy of a cell at each budget, with the spread of its runs.
import { extent } from "d3-array";
import { scaleLinear, scalePoint } from "d3-scale";
import { svgElement } from "./dom.ts";

export interface BudgetValue {
  readonly epochs: number;
  readonly accuracy: number;
  /** The standard deviation of the runs; NaN where it is not known. */
  readonly spread: number;
}

const SIZE = { width: 300, height: 130 };
const MARGIN = { left: 44, right: 10, top: 8, bottom: 22 };
const TICKS = 3;

/** A picture of the values; null if none is known. */
export function cellChart(all: readonly BudgetValue[]): SVGSVGElement | null {
  const values = all.filter(({ accuracy }) => !Number.isNaN(accuracy));
  if (values.length === 0) return null;
  const across = scalePoint<number>()
    .domain(values.map(({ epochs }) => epochs))
    .range([MARGIN.left, SIZE.width - MARGIN.right])
    .padding(0.3);
  const [low, high] = extent(values.flatMap(endsOf)) as [number, number];
  const up = scaleLinear()
    .domain(low < high ? [low, high] : [low - 0.01, high + 0.01])
    .nice(TICKS)
    .range([SIZE.height - MARGIN.bottom, MARGIN.top]);
  const place = ({ epochs, accuracy }: BudgetValue) => `${across(epochs)} ${up(accuracy)}`;
  const told = values.map(({ epochs, accuracy }) => `${accuracy.toFixed(4)} at ${epochs}`);
  const name = `mean validation accuracy: ${told.join(", ")} epochs`;
  return svgElement(
    "svg",
    { class: "chart", role: "img", "aria-label": name, ...SIZE },
    ...up.ticks(TICKS).map((tick) => label(MARGIN.left - 6, up(tick) + 4, "end", `${tick}`)),
    ...values.map(({ epochs }) =>
      label(across(epochs)!, SIZE.height - 6, "middle", String(epochs)),
    ),
    svgElement("path", { class: "line", d: `M${values.map(place).join("L")}` }),
    ...values.map((value) => {
      const [least, greatest] = endsOf(value).map((end) => up(end));
      return svgElement("path", {
        class: "spread",
        d: `M${across(value.epochs)} ${least}V${greatest}`,
      });
    }),
    ...values.map(({ epochs, accuracy }) =>
      svgElement("circle", { cx: across(epochs)!, cy: up(accuracy), r: 4 }),
    ),
  );
}

function endsOf({ accuracy, spread }: BudgetValue): [number, number] {
  const reach = Number.isNaN(spread) ? 0 : spread;
  return [accuracy - reach, accuracy + reach];
}

function label(x: number, y: number, anchor: string, text: string): SVGTextElement {
  return svgElement("text", { x, y, "text-anchor": anchor }, text);
}
