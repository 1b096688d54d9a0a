// What filters the cells: the bounds of columns as fields that can be edited, and a lasso.
import type { Column } from "./columns.ts";
import { byId, element } from "./dom.ts";
import type { Bounds } from "./filter.ts";
import type { Lasso } from "./lasso.ts";

export class FilterList {
  private readonly columns: readonly Column[];
  private readonly change: (key: string, bounds: Bounds | null) => void;
  private readonly release: () => void;

  /**
   * `change` is called with the new bounds of a column, or with null if they are removed;
   * `release`, if the lasso is removed.
   */
  constructor(
    columns: readonly Column[],
    change: (key: string, bounds: Bounds | null) => void,
    release: () => void,
  ) {
    [this.columns, this.change, this.release] = [columns, change, release];
    const choice = byId<HTMLSelectElement>("new-filter");
    choice.append(...columns.map(({ key, label }) => element("option", { value: key }, label)));
    choice.addEventListener("change", () => {
      if (choice.value) change(choice.value, [-Infinity, Infinity]);
      choice.value = "";
    });
  }

  show(bounds: ReadonlyMap<string, Bounds>, lasso: Lasso | null): void {
    const rows = this.columns.flatMap((column) => {
      const pair = bounds.get(column.key);
      return pair ? [this.row(column, pair)] : [];
    });
    byId("filters").replaceChildren(...rows, ...(lasso ? [this.lassoRow(lasso)] : []));
  }

  private lassoRow({ x, y }: Lasso): HTMLLIElement {
    const labelOf = (key: string) => this.columns.find((column) => column.key === key)!.label;
    const text = `a lasso on ${labelOf(x)} and ${labelOf(y)}`;
    return element("li", {}, element("span", {}, text), removal("lasso", this.release));
  }

  private row({ key, label }: Column, [low, high]: Bounds): HTMLLIElement {
    const field = (end: string, value: number) =>
      element("input", {
        type: "number",
        step: "any",
        "aria-label": `${end} ${label}`,
        value: Number.isFinite(value) ? value : "",
      });
    const [least, greatest] = [field("least", low), field("greatest", high)];
    const changed = () => {
      const [from, to] = [numberIn(least, -Infinity), numberIn(greatest, Infinity)];
      if (from <= to) this.change(key, [from, to]);
    };
    for (const input of [least, greatest]) input.addEventListener("change", changed);
    const remove = removal(label, () => this.change(key, null));
    return element("li", {}, element("span", {}, label), least, " to ", greatest, remove);
  }
}

function removal(name: string, remove: () => void): HTMLButtonElement {
  const button = element("button", { type: "button", "aria-label": `remove ${name}` }, "×");
  button.addEventListener("click", remove);
  return button;
}

function numberIn(field: HTMLInputElement, otherwise: number): number {
  return field.value === "" ? otherwise : field.valueAsNumber;
}
