// The colours of points: a map that colour-blind people can read too, and grey for no value.
import { interpolateViridis } from "d3-scale-chromatic";
import type { Axis } from "./axis.ts";

const STEPS = 256; // The first one is grey.
const GREY = [128, 128, 128, 255];
// The yellow end of the map is hard to see on white, and its violet end on black.
const ON_WHITE = [0, 0.92];
const ON_BLACK = [0.35, 1];

/** RGBA bytes of all shades. */
export function shadeColours(): Uint8Array {
  const steps = Array.from({ length: STEPS }, (_, step) =>
    step === 0 ? GREY : bytesOf(colourAt((step - 1) / (STEPS - 2))),
  );
  return Uint8Array.from(steps.flat());
}

/** The shade of each row, from 0 to 1. */
export function shadesOf(axis: Axis): Float32Array {
  return axis.places.map((place) => {
    const inside = Math.min(1, Math.max(0, place));
    const step = Number.isNaN(place) ? 0 : 1 + Math.round(inside * (STEPS - 2));
    return (step + 0.5) / STEPS;
  });
}

/** The colour of a place from 0 to 1, such as #21918c. */
export function colourAt(place: number): string {
  const [low, high] = darkColours().matches ? ON_BLACK : ON_WHITE;
  return interpolateViridis(low + (high - low) * place);
}

/** Whether the user wants dark colours, which may change while the page is open. */
export function darkColours(): MediaQueryList {
  return matchMedia("(prefers-color-scheme: dark)");
}

function bytesOf(colour: string): number[] {
  const number = Number.parseInt(colour.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255, 255];
}
