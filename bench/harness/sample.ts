/** Repeated measurements of one figure: the median is quoted, the spread is shown beside it. */
export interface Sample {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly values: readonly number[];
}

/** @param values - at least one, in the order of measurement */
export function sampleOf(values: readonly number[]): Sample {
  if (values.length === 0) throw new RangeError('a sample needs at least one value');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const below = sorted[Math.floor(middle)] as number;
  const above = sorted[Math.ceil(middle)] as number;
  return { median: (below + above) / 2, low: sorted[0] as number, high: sorted.at(-1) as number, values };
}
