// A column on an axis: which part of it is shown, and where its values lie.
import { extent, quantile } from "d3-array";
import { scaleLinear, scaleLog, type ScaleContinuousNumeric } from "d3-scale";
import type { Column } from "./columns.ts";

export interface Axis {
  readonly column: Column;
  /** The values by row. */
  readonly values: Float32Array;
}

export type Scale = ScaleContinuousNumeric<number, number>;

// The lowest accuracies are left out at first: a few cells that failed would take most of an axis.
const LEFT_OUT = 0.01;
const MOST_WITHOUT = 5000; // cells of which none is left out
const BORDER = 0.03; // of the axis, free at both ends

/** The scale of an axis that maps what is shown at first to a range. */
export function scaleOf({ column, values }: Axis, range: readonly [number, number]): Scale {
  const scale = column.isLogarithmic ? scaleLog() : scaleLinear();
  const [low, high] = endsOf(column, values);
  const toLine = column.isLogarithmic ? Math.log : (value: number) => value;
  const fromLine = column.isLogarithmic ? Math.exp : (value: number) => value;
  const border = (toLine(high) - toLine(low)) * BORDER || BORDER;
  const domain = [fromLine(toLine(low) - border), fromLine(toLine(high) + border)];
  return scale.domain(domain).range(range);
}

/** The places of all values on an axis, where 0 and 1 are its ends; NaN for no value. */
export function placesOf(axis: Axis): Float32Array {
  const scale = scaleOf(axis, [0, 1]);
  const isShown = axis.column.isLogarithmic ? (value: number) => value > 0 : () => true;
  return axis.values.map((value) => (isShown(value) ? scale(value) : NaN));
}

function endsOf(column: Column, values: Float32Array): [number, number] {
  const shown = column.isLogarithmic ? values.filter((value) => value > 0) : values;
  const [low, high] = extent(shown);
  if (low === undefined || high === undefined) return column.isLogarithmic ? [1, 10] : [0, 1];
  const isCut = column.isAccuracy && values.length > MOST_WITHOUT;
  return [isCut ? quantile(shown, LEFT_OUT)! : low, high];
}
