/**
 * Process CPU time per event, and comparisons of variants that alternate within one process.
 *
 * CPU time (user + system of all threads, so garbage collection and compilation are in it) is the figure
 * to trust on shared cores; ratios are taken per round, between neighbours in time, and then the median.
 */

import { sampleOf, type Sample } from './sample.ts';

/** Does the work once and returns the number of events that it processed. */
export type Variant = () => number | Promise<number>;

export interface InterleaveOptions {
  /** Measured rounds; each runs every variant once. */
  readonly rounds: number;
  /** Rounds that are thrown away. Default 2. */
  readonly warmup?: number;
  /** Right before each run of a variant, not measured. */
  readonly leadIn?: (name: string) => unknown;
}

/** @returns process CPU time of one run, ns per event */
export async function cpuPerEvent(run: Variant): Promise<number> {
  const before = process.cpuUsage();
  const events = await run();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / events;
}

/**
 * Alternates the variants, turning their order each round so that none always comes first. Each has always the same one before it:
 * where that matters, `leadIn` makes up for what it leaves in caches and branch predictors.
 * @returns per variant, CPU ns per event over the rounds
 */
export async function interleave<K extends string>(
  { rounds, warmup = 2, leadIn }: InterleaveOptions,
  variants: Readonly<Record<K, Variant>>,
): Promise<Record<K, Sample>> {
  const names = Object.keys(variants) as K[];
  const values = new Map<K, number[]>(names.map((name) => [name, []]));
  for (let round = -warmup; round < rounds; round += 1) {
    for (let i = 0; i < names.length; i += 1) {
      const name = names[(i + round + warmup) % names.length] as K;
      await leadIn?.(name);
      const cost = await cpuPerEvent(variants[name]);
      if (round >= 0) values.get(name)?.push(cost);
    }
  }
  return Object.fromEntries(names.map((name) => [name, sampleOf(values.get(name) ?? [])])) as Record<K, Sample>;
}

/** How many times cheaper `subject` is than `other`: other/subject, round by round. */
export function ratioOf(other: Sample, subject: Sample): Sample {
  return sampleOf(subject.values.map((value, round) => (other.values[round] ?? NaN) / value));
}
