/** How sure a ratio of medians is: percentile bootstrap over rounds (Efron and Tibshirani, 1993). */

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
  const random = generator(1);
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

/** mulberry32: the same rounds give the same interval. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
