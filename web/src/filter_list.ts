// What filters the cells: the bounds of columns as fields that can be edited, and a lasso.
import type { Column } from "./columns.ts";
import { byId, element, refill } from "./dom.ts";
import type { Bounds } from "./filter.ts";
import type { Lasso } from "./lasso.ts";

interface Row {
  readonly item: HTMLLIElement;
  /** The least and the greatest value. */
  readonly fields: readonly [HTMLInputElement, HTMLInputElement];
}

export class FilterList {
  private readonly columns: readonly Column[];
  private readonly change: (key: string, bounds: Bounds | null) => void;
  /** The rows that have been made so far, by the column's key. */
  private readonly rows = new Map<string, Row>();
  private readonly lassoText = element("span");
  private readonly lassoItem: HTMLLIElement;

  /**
   * `change` is called with the new bounds of a column, or with null if they are removed;
   * `release`, if the lasso is removed.
   */
  constructor(
    columns: readonly Column[],
    change: (key: string, bounds: Bounds | null) => void,
    release: () => void,
  ) {
    [this.columns, this.change] = [columns, change];
    this.lassoItem = element("li", {}, this.lassoText, removal("lasso", release));
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
    const items = [...rows, ...(lasso ? [this.lassoRow(lasso)] : [])];
    const list = byId("filters");
    const isSame = items.every((item, i) => item === list.children[i]);
    // A key that leaves a field also changes its bound, so the next field must stay where it is.
    if (!isSame || items.length !== list.children.length) refill(list, items, byId("new-filter"));
  }

  private lassoRow({ x, y }: Lasso): HTMLLIElement {
    const labelOf = (key: string) => this.columns.find((column) => column.key === key)!.label;
    this.lassoText.textContent = `a lasso on ${labelOf(x)} and ${labelOf(y)}`;
    return this.lassoItem;
  }

  private row(column: Column, pair: Bounds): HTMLLIElement {
    const { item, fields } = this.rows.get(column.key) ?? this.added(column);
    fields.forEach((field, i) => {
      field.setCustomValidity("");
      field.value = Number.isFinite(pair[i]) ? String(pair[i]) : "";
    });
    return item;
  }

  private added({ key, label }: Column): Row {
    const [least, greatest] = ["least", "greatest"].map((end) =>
      element("input", { type: "number", step: "any", "aria-label": `${end} ${label}` }),
    );
    const changed = (field: HTMLInputElement) => {
      const [from, to] = [numberIn(least, -Infinity), numberIn(greatest, Infinity)];
      for (const each of [least, greatest]) each.setCustomValidity("");
      if (from > to) field.setCustomValidity(`The least ${label} is above the greatest.`);
      if (least.reportValidity() && greatest.reportValidity()) this.change(key, [from, to]);
    };
    for (const field of [least, greatest]) field.addEventListener("change", () => changed(field));
    const remove = removal(label, () => this.change(key, null));
    const item = element("li", {}, element("span", {}, label), least, " to ", greatest, remove);
    const row = { item, fields: [least, greatest] as const };
    this.rows.set(key, row);
    return row;
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
