/** A row's measurements, in milliseconds. */
export interface Summary {
  median: number;
  min: number;
  max: number;
  runs: number;
}

/**
 * What is quoted of measurements: the median, and how far they lie apart.
 * @throws {RangeError} for no measurements at all
 */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new RangeError('nothing was measured');
  return { median: middle(sorted), min, max, runs: sorted.length };
}

function middle(sorted: readonly number[]): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
}
