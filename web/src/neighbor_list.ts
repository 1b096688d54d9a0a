// The neighbours of a cell as small drawings, the best in a column first. A click goes to one.
import { cellDrawing } from "./cell_drawing.ts";
import { NO_ROW, type CellRows } from "./cell_rows.ts";
import type { Column, Values } from "./columns.ts";
import { byId, element, refill } from "./dom.ts";
import { prune, unpack } from "./graph.ts";
import { neighborsOf, type Neighbor } from "./neighbors.ts";
import { valueText } from "./number_text.ts";
import type { SearchSpace } from "./search_space.ts";

export class NeighborList {
  private readonly space: SearchSpace;
  private readonly rows: CellRows;
  private readonly go: (code: number) => void;

  /** `go` is called with the code of a neighbour that is chosen. */
  constructor(space: SearchSpace, rows: CellRows, go: (code: number) => void) {
    [this.space, this.rows, this.go] = [space, rows, go];
  }

  /** Shows the neighbours of a code, in the order of a column. */
  show(code: number, column: Column, values: Values): void {
    const valueOf = (id: number) => {
      const row = this.rows.rowOf(id);
      return row === NO_ROW ? NaN : values[row];
    };
    const sign = column.better === "less" ? 1 : -1;
    const cost = ({ id }: Neighbor) => (Number.isNaN(valueOf(id)) ? Infinity : sign * valueOf(id));
    const neighbors = neighborsOf(this.space, code).sort((one, other) =>
      cost(one) === cost(other) ? one.id - other.id : cost(one) - cost(other),
    );
    const own = valueOf(this.space.idOf(code));
    byId("neighbors-title").textContent =
      `${neighbors.length} neighbours, one change away, by ${column.label}`;
    const items = neighbors.map((neighbor) => {
      const value = valueOf(neighbor.id);
      const isBetter = column.better !== null && sign * value < sign * own;
      return element("li", {}, this.button(neighbor, valueText(column, value), isBetter));
    });
    refill(byId("neighbors"), items);
  }

  private button({ id, code, text }: Neighbor, value: string, isBetter: boolean) {
    const button = element(
      "button",
      { type: "button", class: isBetter ? "better" : "" },
      cellDrawing(prune(unpack(code))!, `cell id:${id}`),
      element("span", {}, text),
      element("strong", {}, isBetter ? `▲ ${value}` : value),
    );
    button.addEventListener("click", () => this.go(code));
    return button;
  }
}
