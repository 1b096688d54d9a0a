// What the page shows, as the part of the address after #.

import type { Lasso } from "./lasso.ts";

export interface Shown {
  /** The code of the cell in the editor. */
  readonly code: number;
  /** The keys of the columns on the axes and of the colour. */
  readonly x: string;
  readonly y: string;
  readonly colour: string;
  /** The least and the greatest value that a column may have, by its key. */
  readonly bounds: ReadonlyMap<string, readonly [number, number]>;
  readonly lasso: Lasso | null;
}

const BOUNDS = "in "; // what the name of a bound begins with in the address

export function addressOf(shown: Shown): string {
  const { code, x, y, colour, bounds, lasso } = shown;
  const parts = new URLSearchParams({ code: String(code), x, y, colour });
  for (const [key, [low, high]] of bounds) parts.set(`${BOUNDS}${key}`, `${low} ${high}`);
  if (lasso) {
    parts.set("lasso x", lasso.x);
    parts.set("lasso y", lasso.y);
    parts.set("lasso", lasso.vertices.flat().join(" "));
  }
  return `#${parts}`;
}

/** What an address says. Where it says nothing, or no sense, the defaults hold. */
export function shownOf(address: string, defaults: Shown, keys: readonly string[]): Shown {
  const parts = new URLSearchParams(address.replace(/^#/, ""));
  const column = (name: "x" | "y" | "colour") => {
    const key = parts.get(name);
    return key !== null && keys.includes(key) ? key : defaults[name];
  };
  const text = parts.get("code") ?? "";
  const isCode = /^\d{1,10}$/.test(text) && Number(text) < 2 ** 31;
  return {
    code: isCode ? Number(text) : defaults.code,
    x: column("x"),
    y: column("y"),
    colour: column("colour"),
    bounds: new Map(
      keys.flatMap((key) => {
        const pair = (parts.get(`${BOUNDS}${key}`) ?? "").split(" ").map(Number);
        return pair.length === 2 && pair[0] <= pair[1] ? [[key, [pair[0], pair[1]]] as const] : [];
      }),
    ),
    lasso: lassoOf(parts, keys),
  };
}

function lassoOf(parts: URLSearchParams, keys: readonly string[]): Lasso | null {
  const [x, y] = [parts.get("lasso x") ?? "", parts.get("lasso y") ?? ""];
  const numbers = (parts.get("lasso") ?? "").split(" ").map(Number);
  const isPolygon =
    numbers.length >= 6 && numbers.length % 2 === 0 && numbers.every(Number.isFinite);
  if (!isPolygon || !keys.includes(x) || !keys.includes(y)) return null;
  const vertices = numbers.flatMap((number, i) =>
    i % 2 ? [] : [[number, numbers[i + 1]] as const],
  );
  return { x, y, vertices };
}
