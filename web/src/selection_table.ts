// The cells that are not filtered out, as a table: the first of an order, and all of them as CSV.
import { quickselect } from "d3-array";
import type { Axis } from "./axis.ts";
import type { CellRows } from "./cell_rows.ts";
import { byId, element } from "./dom.ts";
import { graphHash } from "./graph_hash.ts";
import { prune, unpack } from "./graph.ts";
import { valueText, wholeText } from "./number_text.ts";
import type { SearchSpace } from "./search_space.ts";

type Comparison = (one: number, other: number) => number;

// The types of d3-array know comparisons of all primitive values only.
const selectFirst = quickselect as unknown as (
  rows: number[],
  last: number,
  left: number,
  right: number,
  compare: Comparison,
) => void;

const SHOWN = 50;
const HASHES_AT_ONCE = 500; // between two pictures of the screen

export class SelectionTable {
  private readonly space: SearchSpace;
  private readonly rows: CellRows;
  private readonly go: (code: number) => void;
  private axes: readonly Axis[] = [];
  private selected: number[] = [];
  private order = { place: 0, isAscending: false };

  /** `go` is called with the code of a cell that is chosen. */
  constructor(space: SearchSpace, rows: CellRows, go: (code: number) => void) {
    [this.space, this.rows, this.go] = [space, rows, go];
    byId("export").addEventListener("click", () => void this.exportHashes());
  }

  /** Shows the rows that are inside. The first axis gives the order until another is chosen. */
  show(inside: Uint8Array, axes: readonly Axis[]): void {
    this.axes = axes.filter((axis, i) => axes.findIndex((a) => a.column === axis.column) === i);
    this.selected = Array.from(inside.keys()).filter((row) => inside[row]);
    this.orderBy(0, this.axes[0].column.better === "less");
  }

  private orderBy(place: number, isAscending: boolean): void {
    this.order = { place, isAscending };
    this.draw();
  }

  /** Compares rows by the order of the table. Rows without a value come last. */
  private comparison(): Comparison {
    const { values } = this.axes[this.order.place];
    const sign = this.order.isAscending ? 1 : -1;
    const cost = (row: number) => (Number.isNaN(values[row]) ? Infinity : sign * values[row]);
    return (one, other) => {
      const [first, second] = [cost(one), cost(other)];
      return first === second ? one - other : first - second;
    };
  }

  /** The first rows of the table, for which it need not be sorted as a whole. */
  private firstRows(): number[] {
    const compare = this.comparison();
    const last = Math.min(SHOWN, this.selected.length) - 1;
    if (last < 0) return [];
    selectFirst(this.selected, last, 0, this.selected.length - 1, compare);
    return this.selected.slice(0, last + 1).sort(compare);
  }

  private draw(): void {
    const shown = this.firstRows();
    byId("count").textContent =
      `${wholeText(this.selected.length)} of ${wholeText(this.rows.cells.length)} cells` +
      (this.selected.length > SHOWN ? `; these are the first ${SHOWN}` : "");
    byId("selection-head").replaceChildren(
      element("th", { scope: "col" }, "cell"),
      ...this.heads(),
    );
    byId("selection").replaceChildren(...shown.map((row) => this.rowOf(row)));
  }

  private heads(): HTMLTableCellElement[] {
    return this.axes.map(({ column }, place) => {
      const isOrder = place === this.order.place;
      const direction = this.order.isAscending ? "ascending" : "descending";
      const button = element("button", { type: "button" }, column.label);
      button.addEventListener("click", () =>
        this.orderBy(place, isOrder ? !this.order.isAscending : column.better === "less"),
      );
      return element("th", { scope: "col", "aria-sort": isOrder ? direction : "none" }, button);
    });
  }

  private rowOf(row: number): HTMLTableRowElement {
    const id = this.rows.cells[row];
    const button = element("button", { type: "button" }, `id:${id}`);
    button.addEventListener("click", () => this.go(this.space.codeOf(id)));
    const values = this.axes.map(({ column, values }) =>
      element("td", {}, valueText(column, values[row])),
    );
    return element("tr", {}, element("th", { scope: "row" }, button), ...values);
  }

  /** Saves a CSV file with the official hash of each selected cell, in the order of the table. */
  private async exportHashes(): Promise<void> {
    const button = byId<HTMLButtonElement>("export");
    const label = button.textContent;
    const selected = this.selected.toSorted(this.comparison());
    button.disabled = true;
    const lines = ["hash"];
    for (const row of selected) {
      lines.push(graphHash(prune(unpack(this.space.codeOf(this.rows.cells[row])))!));
      if (lines.length % HASHES_AT_ONCE) continue;
      button.textContent = `${Math.floor((100 * lines.length) / selected.length)} %`;
      await new Promise(requestAnimationFrame);
    }
    save("cells.csv", `${lines.join("\n")}\n`);
    [button.textContent, button.disabled] = [label, false];
  }
}

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address));
}
