// A column on an axis: which part of it is shown at first, and where its values lie.
import { extent, quantile } from "d3-array";
import { scaleLinear, scaleLog, type ScaleContinuousNumeric } from "d3-scale";
import type { Column, Values } from "./columns.ts";

export type Scale = ScaleContinuousNumeric<number, number>;

// The lowest accuracies are left out at first: a few cells that failed would take most of an axis.
const LEFT_OUT = 0.01;
const MOST_WITHOUT = 5000; // cells of which none is left out; of more, so many show what is
const FIRST_DIGITS = ["1", "125", "12357"]; // of the numbers on a logarithmic axis
const BORDER = 0.03; // of the axis, free at both ends

export class Axis {
  readonly column: Column;
  /** The values by row. */
  readonly values: Values;
  /** The least and the greatest value that are shown at first. */
  readonly ends: readonly [number, number];
  /** Maps what is shown at first to the places from 0 to 1. */
  readonly scale: Scale;
  private made: Float32Array | undefined;

  constructor(column: Column, values: Values) {
    [this.column, this.values] = [column, values];
    this.ends = endsOf(column, values);
    this.scale = scaleOf(column, this.ends);
  }

  /** The places of all values, where 0 and 1 are the ends of the axis; NaN for no value. */
  get places(): Float32Array {
    return (this.made ??= this.makePlaces());
  }

  private makePlaces(): Float32Array {
    const toLine = lineOf(this.column);
    const [low, high] = this.scale.domain().map(toLine);
    const places = new Float32Array(this.values.length);
    for (let row = 0; row < places.length; ++row) {
      const place = (toLine(this.values[row]) - low) / (high - low);
      places[row] = Number.isFinite(place) ? place : NaN;
    }
    return places;
  }
}

/** Round numbers on an axis: about so many, or fewer on a logarithmic one. */
export function ticksOf(scale: Scale, count: number, isLogarithmic: boolean): number[] {
  const ticks = scale.ticks(count);
  if (!isLogarithmic) return ticks;
  const choices = FIRST_DIGITS.map((digits) =>
    ticks.filter((tick) => digits.includes(tick.toExponential()[0])),
  ).filter(({ length }) => length > 1);
  return choices.findLast(({ length }) => length <= count) ?? choices[0] ?? ticks;
}

function scaleOf(column: Column, [low, high]: readonly [number, number]): Scale {
  const scale = column.isLogarithmic ? scaleLog() : scaleLinear();
  const toLine = lineOf(column);
  const fromLine = column.isLogarithmic ? Math.exp : (value: number) => value;
  const border = (toLine(high) - toLine(low)) * BORDER || BORDER;
  return scale.domain([fromLine(toLine(low) - border), fromLine(toLine(high) + border)]);
}

/** What an axis is linear in. */
function lineOf(column: Column): (value: number) => number {
  return column.isLogarithmic ? Math.log : (value) => value;
}

function endsOf(column: Column, values: Values): [number, number] {
  const least = column.isLogarithmic ? 0 : -Infinity;
  const shown = values.filter((value) => value > least && value < Infinity);
  const [low, high] = extent(shown);
  if (low === undefined || high === undefined) return column.isLogarithmic ? [1, 10] : [0, 1];
  if (!column.isAccuracy || values.length <= MOST_WITHOUT) return [low, high];
  const step = Math.floor(values.length / MOST_WITHOUT);
  const sample = shown.filter((_, row) => row % step === 0);
  return [quantile(sample, LEFT_OUT) ?? low, high];
}
