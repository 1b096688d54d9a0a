// The editor of a cell: a switch for each edge, a choice of operations, undo, and a field to paste.
import { hasEdge, labelOf, MAX_VERTICES, withEdgeFlipped, withLabel } from "./code.ts";
import { byId, element } from "./dom.ts";
import { OP_NAMES } from "./op.ts";

export class CellEditor {
  private readonly switches = new Map<HTMLButtonElement, readonly [number, number]>();
  private readonly choices = new Map<HTMLSelectElement, number>();
  private code = 0;

  /**
   * `change` is called with the code of each edit; `read` gives the code of a pasted text, or
   * throws an error.
   */
  constructor(change: (code: number) => void, read: (text: string) => number) {
    byId("edges").append(this.edges(change));
    byId("operations").append(...this.operations(change));
    const [form, field, fault] = [byId("paste"), byId<HTMLInputElement>("text"), byId("fault")];
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      try {
        fault.textContent = "";
        change(read(field.value));
      } catch (error) {
        fault.textContent = (error as Error).message;
      }
    });
  }

  show(code: number): void {
    this.code = code;
    for (const [button, [v, w]] of this.switches) {
      button.setAttribute("aria-pressed", String(hasEdge(code, v, w)));
    }
    for (const [choice, v] of this.choices) choice.value = String(labelOf(code, v));
  }

  /** The upper triangle of the matrix: a row for each vertex that edges come from. */
  private edges(change: (code: number) => void): HTMLTableElement {
    const ends = Array.from({ length: MAX_VERTICES - 1 }, (_, i) => i + 1);
    const head = ends.map((w) => element("th", { scope: "col" }, nameOf(w)));
    const rows = ends.map((_, v) => {
      const cells = ends.map((w) => element("td", {}, ...(w > v ? [this.edge(v, w, change)] : [])));
      return element("tr", {}, element("th", { scope: "row" }, nameOf(v)), ...cells);
    });
    const corner = element("td", {}, "from ↓ to →");
    return element("table", {}, element("tr", {}, corner, ...head), ...rows);
  }

  private edge(v: number, w: number, change: (code: number) => void): HTMLButtonElement {
    const name = `edge from ${nameOf(v)} to ${nameOf(w)}`;
    const button = element("button", { type: "button", class: "edge", "aria-label": name });
    button.addEventListener("click", () => change(withEdgeFlipped(this.code, v, w)));
    this.switches.set(button, [v, w]);
    return button;
  }

  private operations(change: (code: number) => void): HTMLLabelElement[] {
    return Array.from({ length: MAX_VERTICES - 2 }, (_, i) => {
      const options = OP_NAMES.map((name, label) => element("option", { value: label }, name));
      const choice = element("select", {}, ...options);
      choice.addEventListener("change", () => {
        change(withLabel(this.code, i + 1, Number(choice.value)));
      });
      this.choices.set(choice, i + 1);
      return element("label", {}, `${i + 1} `, choice);
    });
  }
}

function nameOf(v: number): string {
  return v === 0 ? "in" : v === MAX_VERTICES - 1 ? "out" : String(v);
}
