// What the page says of a cell: where it stands, its facts, its measures, and its two drawings.
import { cellChart, chartLegend, sampleTable } from "./cell_chart.ts";
import { cellDrawing } from "./cell_drawing.ts";
import { NO_ROW, type CellRows } from "./cell_rows.ts";
import type { CellRuns, Sample } from "./cell_runs.ts";
import { depthOf, widthOf } from "./cell_shape.ts";
import type { Column, Values } from "./columns.ts";
import { byId, element, painted, tell } from "./dom.ts";
import { graphHash } from "./graph_hash.ts";
import { numEdges, numVertices, prune, unpack, type Graph } from "./graph.ts";
import { networkSize } from "./network_size.ts";
import { valueText, wholeText } from "./number_text.ts";
import { Ranking } from "./rank.ts";
import type { SearchSpace } from "./search_space.ts";
import { standingOf } from "./standing.ts";

interface RankedColumn {
  readonly column: Column;
  readonly values: Values;
  readonly ranking: Ranking;
}

export class CellReport {
  private readonly space: SearchSpace;
  private readonly rows: CellRows;
  private readonly runs: CellRuns | null;
  private readonly ranked: RankedColumn[] = [];
  private row = NO_ROW;

  /** `runs` is null if the folder has no runs; the chart then shows means. */
  constructor(space: SearchSpace, rows: CellRows, runs: CellRuns | null) {
    [this.space, this.rows, this.runs] = [space, rows, runs];
  }

  /** Adds a column to the reports from now on. */
  add(column: Column, values: Values): void {
    this.ranked.push({ column, values, ranking: new Ranking(values, column.better ?? "less") });
  }

  show(code: number): void {
    const standing = standingOf(code);
    byId("edited").replaceChildren(cellDrawing(unpack(code), "the cell as it is edited"));
    byId("standing").classList.toggle("outside", !standing.isInSpace);
    byId("known").hidden = !standing.isInSpace;
    if (!standing.isInSpace) {
      this.row = NO_ROW;
      byId("standing").textContent = `This is no cell of the search space: ${standing.why}.`;
      byId("canonical").replaceChildren();
      return;
    }
    const id = this.space.idOf(code);
    const row = (this.row = this.rows.rowOf(id));
    const representative = prune(unpack(this.space.codeOf(id)))!;
    const known = row === NO_ROW ? ", which this index does not have" : "";
    byId("standing").textContent = `This is cell id:${id}${known}.`;
    byId("canonical").replaceChildren(cellDrawing(representative, "its official representative"));
    byId("facts").replaceChildren(...this.factRows(code, id, representative));
    byId("measured").hidden = row === NO_ROW;
    if (row === NO_ROW) return;
    const measures = this.ranked.filter(({ column }) => column.measure !== null);
    byId("values").replaceChildren(...measures.map((each) => valueRow(each, row)));
    void this.showChart(row);
  }

  private factRows(code: number, id: number, representative: Graph): HTMLTableRowElement[] {
    const { parameters, macs } = networkSize(representative);
    const facts: [name: string, text: string, key: string][] = [
      ["official hash", graphHash(representative), ""],
      ["id and code", `id:${id} code:${code}`, ""],
      ["parameters", wholeText(parameters), "parameters"],
      ["MACs", wholeText(macs), "macs"],
      ["depth", String(depthOf(representative)), "depth"],
      ["width", String(widthOf(representative)), "width"],
      ["vertices, edges", `${numVertices(representative)}, ${numEdges(representative)}`, ""],
    ];
    return facts.map(([name, text, key]) => {
      const ranked = this.ranked.find(({ column }) => column.key === key);
      const rank = ranked && this.row !== NO_ROW ? rankText(ranked, this.row) : "";
      const cells = rank
        ? [element("td", {}, text), element("td", {}, rank)]
        : [element("td", { colspan: 2 }, text)];
      return element("tr", {}, element("th", { scope: "row" }, name), ...cells);
    });
  }

  private async showChart(row: number): Promise<void> {
    const figure = byId("chart-figure");
    figure.ariaBusy = "true";
    await painted();
    const samples = this.runs ? ((await this.runs.of(row).catch(tell)) ?? []) : this.means(row);
    if (row !== this.row) return; // another cell is shown meanwhile
    figure.ariaBusy = "false";
    figure.hidden = samples.length === 0;
    byId("chart").replaceChildren(...cellChart(samples));
    byId("chart-legend").replaceChildren(...chartLegend(samples));
    byId("samples").replaceChildren(sampleTable(samples));
  }

  /** The mean validation accuracies of a row, with the spread where it is known. */
  private means(row: number): Sample[] {
    const metric = "validation_accuracy";
    const known = this.ranked.flatMap(({ column: { measure }, values }) =>
      measure?.name === metric && !measure.is_own && !Number.isNaN(values[row])
        ? [{ ...measure, epochs: measure.epochs!, value: values[row] }]
        : [],
    );
    const spreads = new Map(
      known.filter((each) => each.statistic === "spread").map((each) => [each.epochs, each.value]),
    );
    return known
      .filter((each) => each.statistic === "mean")
      .map(({ epochs, value }) => {
        const spread = spreads.get(epochs);
        return { metric, stage: "final", epochs, accuracies: [value], spread };
      });
  }
}

function valueRow(ranked: RankedColumn, row: number): HTMLTableRowElement {
  const { column, values } = ranked;
  return element(
    "tr",
    { title: column.measure?.description ?? "" },
    element("th", { scope: "row" }, column.label),
    element("td", {}, valueText(column, values[row])),
    element("td", {}, rankText(ranked, row)),
  );
}

function rankText({ column, values, ranking }: RankedColumn, row: number): string {
  if (Number.isNaN(values[row])) return "";
  const { place, of } = ranking.rankOf(values[row]);
  const text = `${wholeText(place)} of ${wholeText(of)}`;
  return column.better ? text : `${text}, least first`;
}
