/**
 * The few numbers that sum up samples.
 *
 * @module
 */

/** Samples of the same work. Other load on the machine only adds time: the best one is the least time, or greatest rate. */
export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Sums up at least one sample, to four digits. */
export function summaryOf(samples: readonly number[]): Summary {
  const [min, median, max] = [0, 0.5, 1].map((share) => Number(quantile(samples, share).toPrecision(4)));
  return { min: min!, median: median!, max: max! };
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
