// The cells that are not filtered out, as a table: the first of an order, and all of them as CSV.
import { bisector } from "d3-array";
import type { Axis } from "./axis.ts";
import { NO_ROW, type CellRows } from "./cell_rows.ts";
import { byId, element, refill } from "./dom.ts";
import { graphHash } from "./graph_hash.ts";
import { prune, unpack } from "./graph.ts";
import { valueText, wholeText } from "./number_text.ts";
import type { SearchSpace } from "./search_space.ts";

type Comparison = (one: number, other: number) => number;

const SHOWN = 50;
const HASHES_AT_ONCE = 500; // between two pictures of the screen

export class SelectionTable {
  private readonly space: SearchSpace;
  private readonly rows: CellRows;
  private readonly go: (code: number) => void;
  private readonly mark: (row: number) => void;
  private row = NO_ROW;
  private axes: readonly Axis[] = [];
  private selected: number[] = [];
  /** The rows that the table has, in its order, and their buttons. */
  private shown: number[] = [];
  private buttons: HTMLButtonElement[] = [];
  private order = { place: 0, isAscending: false };

  /**
   * `go` is called with the code of a cell that is chosen; `mark`, with the row of a cell that is
   * pointed at or has the focus, or with `NO_ROW`.
   */
  constructor(
    space: SearchSpace,
    rows: CellRows,
    go: (code: number) => void,
    mark: (row: number) => void,
  ) {
    [this.space, this.rows, this.go, this.mark] = [space, rows, go, mark];
    this.listen();
    byId("export").addEventListener("click", () => void this.exportHashes());
  }

  /** Shows the rows that are inside. The first axis gives the order until another is chosen. */
  show(inside: Uint8Array, axes: readonly Axis[]): void {
    this.axes = axes.filter((axis, i) => axes.findIndex((a) => a.column === axis.column) === i);
    this.selected = [];
    inside.forEach((isInside, row) => isInside && this.selected.push(row));
    this.orderBy(0, this.axes[0].column.better === "less");
  }

  /** Marks the row of the cell that the page shows. */
  setChosen(row: number): void {
    this.row = row;
    byId("selection").querySelector("[aria-current]")?.removeAttribute("aria-current");
    const place = this.shown.indexOf(row);
    if (place >= 0) this.buttons[place].closest("tr")!.ariaCurrent = "true";
  }

  /** Goes to the next cell of the table, or to the one before; at first, to the first one. */
  step(direction: 1 | -1): void {
    const place = this.shown.indexOf(this.row);
    const next = place < 0 ? 0 : place + direction;
    if (next in this.shown) this.go(this.codeOf(this.shown[next]));
  }

  /** The arrow keys move through the rows, of which only one is reached by the key Tab. */
  private listen(): void {
    const body = byId("selection");
    const placeOf = ({ target }: Event) =>
      this.buttons.findIndex((button) => button.closest("tr")!.contains(target as Node));
    for (const kind of ["focusin", "pointerover"]) {
      body.addEventListener(kind, (event) => this.mark(this.shown[placeOf(event)] ?? NO_ROW));
    }
    for (const kind of ["focusout", "pointerleave"]) {
      body.addEventListener(kind, () => this.mark(NO_ROW));
    }
    body.addEventListener("keydown", (event) => {
      const place = placeOf(event);
      const last = this.shown.length - 1;
      const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: last }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      this.focus(Math.min(last, Math.max(0, next)));
    });
  }

  private focus(place: number): void {
    this.buttons.forEach((button, i) => (button.tabIndex = i === place ? 0 : -1));
    this.buttons[place].focus();
  }

  private codeOf(row: number): number {
    return this.space.codeOf(this.rows.cells[row]);
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

  /** The first rows of the table, for which all of them need not be sorted. */
  private firstRows(): number[] {
    const compare = this.comparison();
    const place = bisector<number, number>(compare).right;
    const first: number[] = [];
    for (const row of this.selected) {
      if (first.length === SHOWN && compare(row, first[SHOWN - 1]) > 0) continue;
      first.splice(place(first, row), 0, row);
      if (first.length > SHOWN) first.pop();
    }
    return first;
  }

  private draw(): void {
    this.shown = this.firstRows();
    byId("count").textContent =
      `${wholeText(this.selected.length)} of ${wholeText(this.rows.cells.length)} cells` +
      (this.selected.length > SHOWN ? `; these are the first ${SHOWN}` : "");
    const cellHead = element("th", { scope: "col" }, "cell");
    refill(byId("selection-head"), [cellHead, ...this.heads()]);
    const lines = this.shown.map((row, place) => this.rowOf(row, place));
    this.buttons = lines.map((line) => line.querySelector("button")!);
    refill(byId("selection"), lines);
    this.setChosen(this.row);
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

  private rowOf(row: number, place: number): HTMLTableRowElement {
    const tabindex = place === 0 ? 0 : -1;
    const button = element("button", { type: "button", tabindex }, `id:${this.rows.cells[row]}`);
    button.addEventListener("click", () => this.go(this.codeOf(row)));
    const values = this.axes.map(({ column, values }) =>
      element("td", {}, valueText(column, values[row])),
    );
    return element("tr", {}, element("th", { scope: "row" }, button), ...values);
  }

  /** Saves a CSV file with the official hash of each selected cell, in the order of the table. */
  private async exportHashes(): Promise<void> {
    const button = byId("export");
    if (button.ariaDisabled === "true") return;
    const label = button.textContent;
    const selected = this.selected.toSorted(this.comparison());
    button.ariaDisabled = "true"; // A disabled button would lose the focus.
    const lines = ["hash"];
    for (const row of selected) {
      lines.push(graphHash(prune(unpack(this.codeOf(row)))!));
      if (lines.length % HASHES_AT_ONCE) continue;
      button.textContent = `${Math.floor((100 * lines.length) / selected.length)} %`;
      await new Promise(requestAnimationFrame);
    }
    save("cells.csv", `${lines.join("\n")}\n`);
    [button.textContent, button.ariaDisabled] = [label, "false"];
  }
}

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address));
}
