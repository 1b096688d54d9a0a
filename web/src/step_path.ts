// Step curves as the text of paths. Each height holds from its place to the next place.

export function stepCurve(places: readonly number[], heights: readonly number[]): string {
  const steps = places.map((x, i) => (i === 0 ? `M${x} ${heights[0]}` : `H${x}V${heights[i]}`));
  return steps.join("");
}

/** The area between two step curves at the same places. */
export function stepBand(
  places: readonly number[],
  low: readonly number[],
  high: readonly number[],
): string {
  const back = places.map((x, i) => `V${high[i]}H${x}`).reverse();
  return `${stepCurve(places, low)}${back.join("")}Z`;
}
