/**
 * The few numbers that sum up samples.
 *
 * @module
 */

/** Times of the same work. */
export interface Summary {
  readonly min: number;
  readonly median: number;
}

/** Sums up at least one sample, to four digits. */
export function summaryOf(samples: readonly number[]): Summary {
  const [min, median] = [Math.min(...samples), quantile(samples, 0.5)].map((value) => Number(value.toPrecision(4)));
  return { min: min!, median: median! };
}

/** The value that a share of the samples does not exceed. Between two samples, it interpolates linearly. */
export function quantile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new RangeError("there are no samples");
  const sorted = [...samples].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  return below + (sorted[Math.ceil(place)]! - below) * (place % 1);
}

/** The geometric mean of positive numbers: the mean for ratios. */
export function geomean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("there are no values");
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
