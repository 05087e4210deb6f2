/** How sure a ratio of medians is: percentile bootstrap over rounds (Efron and Tibshirani, 1993). */

import { seeded } from '../harness/seeded.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2000;
const TAIL = 0.025;

/**
 * 95 % interval of the ratio of medians, over rounds drawn again with replacement: what a round did to one side it did to
 * the other. With five rounds it is close to the range of what could have been.
 * @param pairs - of each round: ours, and what it is compared with
 */
export function ratioInterval(pairs: readonly (readonly [ours: number, theirs: number])[]): Interval {
  const random = seeded(1);
  const ratios = Array.from({ length: RESAMPLES }, () => {
    const drawn = pairs.map(() => pairs[Math.floor(random() * pairs.length)] as readonly [number, number]);
    return medianOf(drawn.map(([ours]) => ours)) / medianOf(drawn.map(([, theirs]) => theirs));
  }).sort((one, other) => one - other);
  const at = (share: number): number => ratios[Math.round(share * (RESAMPLES - 1))] as number;
  return { low: at(TAIL), high: at(1 - TAIL) };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}
