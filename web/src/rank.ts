// Where a value stands among those of all cells.
import { bisectLeft, bisectRight } from "d3-array";
import type { Values } from "./columns.ts";

export interface Rank {
  /** One more than the number of cells that come before. */
  readonly place: number;
  /** How many cells have a value. */
  readonly of: number;
}

/** The order of all values of a column. It is made once, so that a rank needs no pass over them. */
export class Ranking {
  /** Ascending, without the missing values. */
  private readonly sorted: Values;
  private readonly first: "greater" | "less";

  /** `first` says which values come first. */
  constructor(values: Values, first: "greater" | "less") {
    this.sorted = values.filter((value) => !Number.isNaN(value)).sort();
    this.first = first;
  }

  rankOf(value: number): Rank {
    const of = this.sorted.length;
    const before =
      this.first === "less" ? bisectLeft(this.sorted, value) : of - bisectRight(this.sorted, value);
    return { place: before + 1, of };
  }
}
