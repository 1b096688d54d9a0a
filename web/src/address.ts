// What the page shows, as the part of the address after #.

export interface Shown {
  /** The code of the cell in the editor. */
  readonly code: number;
  /** The keys of the columns on the axes and of the colour. */
  readonly x: string;
  readonly y: string;
  readonly colour: string;
  /** The least and the greatest value that a column may have, by its key. */
  readonly bounds: ReadonlyMap<string, readonly [number, number]>;
}

const BOUNDS = "in "; // what the name of a bound begins with in the address

export function addressOf(shown: Shown): string {
  const { code, x, y, colour, bounds } = shown;
  const parts = new URLSearchParams({ code: String(code), x, y, colour });
  for (const [key, [low, high]] of bounds) parts.set(`${BOUNDS}${key}`, `${low} ${high}`);
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
  };
}
