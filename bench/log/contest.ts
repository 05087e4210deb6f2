/** Who appends fastest: the best configuration and batch size of each contestant, then all of them in turns. */

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
  const best: Try[] = [];
  for (const contestant of new Set(entrants.map((one) => one.contestant))) {
    best.push(
      await bestOf(
        entrants.filter((one) => one.contestant === contestant),
        options,
      ),
    );
  }
  const rates = new Map<Try, number[]>(best.map((one) => [one, []]));
  for (let round = 0; round < options.rounds; round += 1) {
    // Both ways around: what a contestant leaves to the disk, files to discard above all, is not always left to the same one.
    const order = round % 2 === 0 ? best : best.toReversed();
    for (const [i] of order.entries()) {
      const one = order[(i + round) % order.length] as Try;
      rates.get(one)?.push(await options.rate(one, options.roundMs));
    }
  }
  return best.map((one) => ({ ...one, sample: sampleOf(rates.get(one) ?? []) }));
}

/** Round by round against whichever peer was the fastest over all; null without peers. */
export function leadOver(ours: Sample, peers: readonly Placed[]): Sample | null {
  const [first, ...others] = peers.map(({ sample }) => sample);
  if (first === undefined) return null;
  return ratioOf(
    ours,
    others.reduce((a, b) => (b.median > a.median ? b : a), first),
  );
}

/**
 * Tries every configuration with every batch size, briefly, in turns and several times: a single try at a moment at which
 * somebody else uses the disk would choose wrongly for all rounds.
 */
async function bestOf(entrants: readonly Entrant[], options: ContestOptions): Promise<Try> {
  const candidates = entrants.flatMap((entrant) => options.batches.map((batch) => ({ ...entrant, batch })));
  const rates = new Map<Try, number[]>(candidates.map((one) => [one, []]));
  for (let turn = 0; turn < options.searchTurns; turn += 1) {
    for (const one of candidates) rates.get(one)?.push(await options.rate(one, options.searchMs));
  }
  const tried = candidates.map((one) => ({ ...one, median: sampleOf(rates.get(one) ?? []).median }));
  const { median, ...best } = tried.reduce((a, one) => (one.median > a.median ? one : a));
  const { contestant, configuration, batch } = best;
  options.say(`${contestant.name}: best with ${configuration.name}, batch ${batch}: ${Math.round(median)} events/s`);
  return best;
}
