// The accuracies of a cell at each budget: a panel for each metric, and all numbers as a table.
import { mean } from "d3-array";
import { scalePoint } from "d3-scale";
import type { Sample } from "./cell_runs.ts";
import { element, svgElement } from "./dom.ts";
import { errorAxis, type ErrorAxis } from "./error_axis.ts";
import { accuracyText } from "./number_text.ts";

const SIZE = { width: 152, height: 158 };
const MARGIN = { left: 45, right: 6, top: 24, bottom: 22 };
const RADIUS = 2.6;
const STAGE_SHIFT = 4; // pixels to the left for the middle of the training, to the right for its end
const RUN_SHIFT = 2; // pixels between the runs of a budget, so that equal ones are seen
const HALFWAY = "halfway";

/** A picture for each metric of the samples. */
export function cellChart(samples: readonly Sample[]): SVGSVGElement[] {
  const budgets = [...new Set(samples.map(({ epochs }) => epochs))].sort((a, b) => a - b);
  return metricsOf(samples).map((metric) =>
    panel(
      metric,
      samples.filter((sample) => sample.metric === metric),
      budgets,
    ),
  );
}

/** The same numbers: a row for each budget and stage, and a column for each metric. */
export function sampleTable(samples: readonly Sample[]): HTMLTableElement {
  const metrics = metricsOf(samples);
  const rows = new Map(samples.map((sample) => [`${sample.epochs} ${sample.stage}`, sample]));
  const head = ["epochs", ...metrics.map(wordsOf)].map((name) =>
    element("th", { scope: "col" }, name),
  );
  const body = [...rows.values()].map(({ epochs, stage }) => {
    const name = stage === HALFWAY ? `${epochs}, ${HALFWAY}` : String(epochs);
    const cells = metrics.map((metric) => {
      const sample = samples.find(
        (each) => each.metric === metric && each.stage === stage && each.epochs === epochs,
      );
      return element("td", {}, sample?.accuracies.map(accuracyText).join(" ") ?? "");
    });
    return element("tr", {}, element("th", { scope: "row" }, name), ...cells);
  });
  return element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...body),
  );
}

/** What the marks of the chart mean. */
export function chartLegend(samples: readonly Sample[]): (SVGSVGElement | string)[] {
  const has = (stage: string) => samples.some((sample) => sample.stage === stage);
  return [
    ...(has("final") ? [key("final"), "at the end "] : []),
    ...(has(HALFWAY) ? [key(HALFWAY), "halfway "] : []),
  ];
}

function key(stage: string): SVGSVGElement {
  return svgElement(
    "svg",
    { class: `chart ${stage}`, "aria-hidden": "true", width: 26, height: 12 },
    svgElement("path", { class: "line", d: "M1 6H25" }),
    svgElement("circle", { cx: 13, cy: 6, r: RADIUS + 0.6 }),
  );
}

function panel(metric: string, samples: readonly Sample[], budgets: number[]): SVGSVGElement {
  const across = scalePoint<number>()
    .domain(budgets)
    .range([MARGIN.left, SIZE.width - MARGIN.right])
    .padding(0.4);
  const up = errorAxis(samples.flatMap(endsOf), [SIZE.height - MARGIN.bottom, MARGIN.top]);
  const stages = [...new Set(samples.map(({ stage }) => stage))];
  const right = SIZE.width - MARGIN.right;
  return svgElement(
    "svg",
    { class: "chart", role: "img", "aria-label": nameOf(metric, samples), ...SIZE },
    label(MARGIN.left, 12, "start", wordsOf(metric).replace(" accuracy", ""), "title"),
    ...up.ticks.flatMap((tick) => [
      svgElement("path", { class: "grid", d: `M${MARGIN.left} ${up.at(tick)}H${right}` }),
      label(MARGIN.left - 5, up.at(tick) + 4, "end", String(tick)),
    ]),
    ...budgets.map((epochs) => label(across(epochs)!, SIZE.height - 6, "middle", String(epochs))),
    ...stages.map((stage) => {
      const shift = stages.length === 1 ? 0 : stage === HALFWAY ? -STAGE_SHIFT : STAGE_SHIFT;
      const place = (epochs: number) => across(epochs)! + shift;
      const ofStage = samples.filter((sample) => sample.stage === stage);
      return svgElement("g", { class: stage }, ...marks(ofStage, place, up));
    }),
  );
}

/** The line through the means of a stage, the spreads that are known, and a point for each run. */
function marks(
  samples: readonly Sample[],
  across: (epochs: number) => number,
  up: ErrorAxis,
): SVGElement[] {
  const means = samples.map(
    ({ epochs, accuracies }) => `${across(epochs)} ${up.at(mean(accuracies)!)}`,
  );
  const spreads = samples.filter(({ spread }) => spread !== undefined);
  return [
    svgElement("path", { class: "line", d: `M${means.join("L")}` }),
    ...spreads.map((sample) => {
      const [low, high] = endsOf(sample).map(up.at);
      return svgElement("path", { class: "spread", d: `M${across(sample.epochs)} ${low}V${high}` });
    }),
    ...samples.flatMap(({ epochs, accuracies }) =>
      accuracies.map((accuracy, run) => {
        const shift = (run - (accuracies.length - 1) / 2) * RUN_SHIFT;
        return svgElement("circle", {
          cx: across(epochs) + shift,
          cy: up.at(accuracy),
          r: RADIUS,
        });
      }),
    ),
  ];
}

/** The accuracies that a sample needs room for. */
function endsOf({ accuracies, spread = 0 }: Sample): number[] {
  return accuracies.flatMap((accuracy) => [accuracy - spread, accuracy + spread]);
}

function nameOf(metric: string, samples: readonly Sample[]): string {
  const told = samples.map(({ epochs, stage, accuracies }) => {
    const when = stage === HALFWAY ? `${HALFWAY} through ${epochs}` : `after ${epochs}`;
    return `${accuracyText(mean(accuracies)!)} ${when} epochs`;
  });
  return `mean ${wordsOf(metric)}: ${told.join(", ")}`;
}

function metricsOf(samples: readonly Sample[]): string[] {
  return [...new Set(samples.map(({ metric }) => metric))];
}

function wordsOf(metric: string): string {
  return metric.replaceAll("_", " ");
}

function label(x: number, y: number, anchor: string, text: string, kind = ""): SVGTextElement {
  return svgElement("text", { x, y, "text-anchor": anchor, class: kind }, text);
}
