/** Who appends fastest: the best configurations and batch sizes of each contestant, then all of them in turns. */

import { ratioOf, sampleOf, type Sample } from '../harness/index.ts';
import type { Configuration, Contestant } from './contestant.ts';

export interface Entrant {
  readonly contestant: Contestant;
  readonly configuration: Configuration;
}

export interface Try extends Entrant {
  readonly batch: number;
}

export interface ContestOptions {
  readonly batches: readonly number[];
  /** Of each candidate, before the rounds. */
  readonly searchTurns: number;
  readonly searchMs: number;
  readonly rounds: number;
  readonly roundMs: number;
  /** @returns events/s */
  readonly rate: (candidate: Try, forMs: number) => Promise<number>;
  readonly say: (text: string) => void;
}

/** A contestant at its best; events/s. */
export interface Placed extends Try {
  readonly sample: Sample;
}

/** @returns the contestants in the order of the entrants */
export async function contest(entrants: readonly Entrant[], options: ContestOptions): Promise<Placed[]> {
  const contestants = [...new Set(entrants.map((one) => one.contestant))];
  const finalists: Try[] = [];
  for (const contestant of contestants) {
    const own = entrants.filter((one) => one.contestant === contestant);
    finalists.push(...(await finalistsOf(own, options)));
  }
  const rates = new Map<Try, number[]>(finalists.map((one) => [one, []]));
  for (let round = 0; round < options.rounds; round += 1) {
    // Both ways around: what a contestant leaves to the disk, files to discard above all, is not always left to the same one.
    const order = round % 2 === 0 ? finalists : finalists.toReversed();
    for (const [i] of order.entries()) {
      const one = order[(i + round) % order.length] as Try;
      rates.get(one)?.push(await options.rate(one, options.roundMs));
    }
  }
  const placed = finalists.map((one) => ({ ...one, sample: sampleOf(rates.get(one) ?? []) }));
  return contestants.map((contestant) => fastest(placed.filter((one) => one.contestant === contestant)));
}

function fastest([first, ...others]: readonly Placed[]): Placed {
  if (first === undefined) throw new Error('a contestant without a candidate');
  return others.reduce((a, b) => (b.sample.median > a.sample.median ? b : a), first);
}

/** Round by round against whichever peer was the fastest over all; null without peers. */
export function leadOver(ours: Sample, peers: readonly Placed[]): Sample | null {
  return peers.length === 0 ? null : ratioOf(ours, fastest(peers).sample);
}

/**
 * The best batch size of each configuration, tried briefly, in turns and several times: a single try at a moment at which somebody
 * else uses the disk would choose wrongly for all rounds. Which configuration is best only the rounds say.
 */
async function finalistsOf(entrants: readonly Entrant[], options: ContestOptions): Promise<Try[]> {
  const candidates = entrants.flatMap((entrant) => options.batches.map((batch) => ({ ...entrant, batch })));
  const rates = new Map<Try, number[]>(candidates.map((one) => [one, []]));
  for (let turn = 0; turn < options.searchTurns; turn += 1) {
    for (const one of candidates) rates.get(one)?.push(await options.rate(one, options.searchMs));
  }
  const tried = candidates.map((one) => ({ ...one, sample: sampleOf(rates.get(one) ?? []) }));
  const finalists = entrants.map(({ configuration }) =>
    fastest(tried.filter((one) => one.configuration === configuration)),
  );
  for (const { contestant, configuration, batch, sample } of finalists) {
    options.say(
      `${contestant.name}, ${configuration.name}, batch ${batch}: ${Math.round(sample.median)} events/s in the search`,
    );
  }
  return finalists;
}
