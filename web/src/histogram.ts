// How many cells there are along an axis.

const BINS = 64;

/**
 * A path in the unit square: places run from 0 to 1 to the right, and the fullest bin has height 1.
 * Places outside, and NaN, are left out.
 */
export function histogramPath(places: Float32Array): string {
  const counts = new Uint32Array(BINS);
  for (const place of places) if (place >= 0 && place < 1) ++counts[Math.floor(place * BINS)];
  const most = Math.max(1, ...counts);
  const steps = Array.from(counts, (count) => `V${count / most}h${1 / BINS}`);
  return `M0 0${steps.join("")}V0Z`;
}
