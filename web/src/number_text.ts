// Numbers as people read them.
import { format } from "d3-format";
import type { Column } from "./columns.ts";

const whole = format(",");
const three = format(".3g");
const four = format(".4~g");
const short = format("~s");

export const accuracyText: (value: number) => string = format(".4f");

/** A value of a column, with its unit. */
export function valueText(column: Column, value: number): string {
  if (Number.isNaN(value)) return "no value";
  const text = column.isAccuracy
    ? accuracyText(value)
    : Number.isInteger(value)
      ? whole(value)
      : four(value);
  return column.unit ? `${text} ${column.unit}` : text;
}

/** A regret or an accuracy, with three digits. */
export function fineText(value: number): string {
  return three(value);
}

/** A number beside a tick of an axis: 0.02, 5, 20k, 10M. */
export function shortText(value: number): string {
  return value < 1 ? String(Number(value.toPrecision(3))) : short(value);
}

/** What has been spent on a simulated clock. */
export function amountText(clock: "seconds" | "evaluations", spent: number): string {
  return clock === "seconds"
    ? `${whole(Math.round(spent))} s`
    : `${whole(Math.floor(spent))} evaluations`;
}

export function wholeText(value: number): string {
  return whole(value);
}
