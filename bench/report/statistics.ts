/** The middle of some values, and the quarters below and above it. */
export interface Quartiles {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

/** @returns undefined where there is no value; between two of them what lies proportionally between */
export function quartiles(values: readonly number[]): Quartiles | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  return { lower: at(sorted, 0.25), median: at(sorted, 0.5), upper: at(sorted, 0.75) };
}

/** The middle of some values, and what a tenth of them is below and above. */
export interface Deciles {
  readonly tenth: number;
  readonly median: number;
  readonly ninetieth: number;
}

/** @returns undefined where there is no value */
export function deciles(values: readonly number[]): Deciles | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  return { tenth: at(sorted, 0.1), median: at(sorted, 0.5), ninetieth: at(sorted, 0.9) };
}

/** @returns NaN where there is no value */
export function median(values: readonly number[]): number {
  return quartiles(values)?.median ?? Number.NaN;
}

function at(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
