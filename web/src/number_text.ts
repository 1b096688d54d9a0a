// Numbers as people read them.
import { format } from "d3-format";
import type { Column } from "./columns.ts";

const whole = format(",");
const four = format(".4~g");

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

export function wholeText(value: number): string {
  return whole(value);
}
