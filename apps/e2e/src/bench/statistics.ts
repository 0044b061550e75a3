/** Of values in ascending order. */
export const percentile = (sorted: number[], p: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;

/** The middle value, or the mean of the two in the middle. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const middle = sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

export interface Spread {
  min: number;
  median: number;
  max: number;
}

export const spreadOf = (values: number[]): Spread => ({
  min: Math.min(...values),
  median: median(values),
  max: Math.max(...values),
});

/** Divided within each round, since a machine is not the same from one to the next; then the median. */
export const ratioOf = (ours: number[], theirs: number[]): number =>
  median(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));

/** The exponent of growth between two sizes: 1 where `to` is as many times `from` as the sizes are, 0 where it stays. */
export const exponentOf = (from: { size: number; cost: number }, to: { size: number; cost: number }): number =>
  Math.log(to.cost / from.cost) / Math.log(to.size / from.size);
