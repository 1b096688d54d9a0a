// What the page says of a cell: where it stands, its facts, its measures, and its two drawings.
import { cellChart } from "./cell_chart.ts";
import { cellDrawing } from "./cell_drawing.ts";
import { NO_ROW, type CellRows } from "./cell_rows.ts";
import { depthOf, widthOf } from "./cell_shape.ts";
import type { Column } from "./columns.ts";
import { byId, element } from "./dom.ts";
import { graphHash } from "./graph_hash.ts";
import { numEdges, numVertices, prune, unpack, type Graph } from "./graph.ts";
import { networkSize } from "./network_size.ts";
import { valueText, wholeText } from "./number_text.ts";
import { rankOf } from "./rank.ts";
import type { SearchSpace } from "./search_space.ts";
import { standingOf } from "./standing.ts";

export class CellReport {
  private readonly space: SearchSpace;
  private readonly rows: CellRows;
  /** The measures of the index, with their values, which are read before the first report. */
  private readonly measures: readonly (readonly [Column, Float32Array])[];

  constructor(
    space: SearchSpace,
    rows: CellRows,
    measures: readonly (readonly [Column, Float32Array])[],
  ) {
    [this.space, this.rows, this.measures] = [space, rows, measures];
  }

  show(code: number): void {
    const standing = standingOf(code);
    byId("edited").replaceChildren(cellDrawing(unpack(code), "the cell as it is edited"));
    byId("standing").classList.toggle("outside", !standing.isInSpace);
    if (!standing.isInSpace) {
      byId("standing").textContent = `This is no cell of the search space: ${standing.why}.`;
      for (const id of ["canonical", "facts", "values"]) byId(id).replaceChildren();
      byId("chart-figure").hidden = true;
      return;
    }
    const id = this.space.idOf(code);
    const row = this.rows.rowOf(id);
    const representative = prune(unpack(this.space.codeOf(id)))!;
    const known = row === NO_ROW ? ", which this index does not have" : "";
    byId("standing").textContent = `This is cell id:${id}${known}.`;
    byId("canonical").replaceChildren(cellDrawing(representative, "its official representative"));
    byId("facts").replaceChildren(...factRows(code, id, representative));
    byId("values").replaceChildren(...(row === NO_ROW ? [] : this.measures.map(valueRow(row))));
    const chart = row === NO_ROW ? null : this.chart(row);
    byId("chart-figure").hidden = chart === null;
    if (chart) byId("chart").replaceChildren(chart);
  }

  /** The chart of a row; null if it has none of the values. */
  private chart(row: number): SVGSVGElement | null {
    const accuracies = this.measures.filter(
      ([{ measure }]) => measure?.name === "validation_accuracy" && !measure.is_own,
    );
    const ofStatistic = (statistic: string) =>
      accuracies.filter(([{ measure }]) => measure?.statistic === statistic);
    const spreads = new Map(
      ofStatistic("spread").map(([{ measure }, values]) => [measure!.epochs, values[row]]),
    );
    const budgets = ofStatistic("mean").map(([{ measure }, values]) => {
      const epochs = measure!.epochs!;
      return { epochs, accuracy: values[row], spread: spreads.get(epochs) ?? NaN };
    });
    return cellChart(budgets);
  }
}

function factRows(code: number, id: number, representative: Graph): HTMLTableRowElement[] {
  const { parameters, macs } = networkSize(representative);
  const facts = {
    "official hash": graphHash(representative),
    "cell id": `id:${id}`,
    code: `code:${code}`,
    parameters: wholeText(parameters),
    MACs: wholeText(macs),
    "depth, width": `${depthOf(representative)}, ${widthOf(representative)}`,
    "vertices, edges": `${numVertices(representative)}, ${numEdges(representative)}`,
  };
  return Object.entries(facts).map(([name, text]) =>
    element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, text)),
  );
}

function valueRow(row: number) {
  return ([column, values]: readonly [Column, Float32Array]): HTMLTableRowElement => {
    const value = values[row];
    return element(
      "tr",
      { title: column.measure?.description ?? "" },
      element("th", { scope: "row" }, column.label),
      element("td", {}, valueText(column, value)),
      element("td", {}, column.better ? rankText(value, values, column.better) : ""),
    );
  };
}

function rankText(value: number, values: Float32Array, better: "greater" | "less"): string {
  if (Number.isNaN(value)) return "";
  const { place, of } = rankOf(value, values, better);
  return `${wholeText(place)} of ${wholeText(of)}`;
}
