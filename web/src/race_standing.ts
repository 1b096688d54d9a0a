// How an optimizer stands at a moment of a race: a row of the table.
import { element, svgElement } from "./dom.ts";
import { lineClass, marker } from "./marker.ts";
import { accuracyText, fineText } from "./number_text.ts";
import type { RacingOptimizer } from "./race.ts";
import { lastStep } from "./race_clock.ts";
import { bestIncumbent, type Entry } from "./race_entry.ts";

export class RaceStanding {
  readonly row: HTMLTableRowElement;
  private readonly optimizer: RacingOptimizer;
  private readonly value = element("td");
  private readonly button = element("button", { type: "button" });
  private code = 0;

  constructor(optimizer: RacingOptimizer, choose: (code: number) => void) {
    this.optimizer = optimizer;
    const { line, label } = optimizer;
    const sample = svgElement(
      "svg",
      { class: "sample", viewBox: "-20 -8 40 16", "aria-hidden": "true" },
      svgElement("path", { class: `middle ${lineClass(line)}`, d: "M-20 0H20" }),
      marker(line, 64),
    );
    this.button.addEventListener("click", () => choose(this.code));
    this.row = element(
      "tr",
      {},
      element("th", { scope: "row" }, sample, label),
      this.value,
      element("td", {}, this.button),
    );
  }

  show(now: number, entries: readonly Entry[]): void {
    const { spent, middle } = this.optimizer;
    const step = lastStep(spent, now);
    setText(this.value, step < 0 ? "" : fineText(middle[step]));
    const best = bestIncumbent(
      entries.filter(({ optimizer }) => optimizer === this.optimizer),
      now,
    );
    this.button.hidden = best === null;
    if (best === null) return;
    this.code = best.code;
    setText(this.button, `${accuracyText(best.accuracy)} in run ${best.run}`);
  }
}

/** Sets a text if it has changed, so that a focus and a selection stay. */
function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
