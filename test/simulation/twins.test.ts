import { expect, it } from 'vitest';
import { firstFree, noise, type Plant } from '../../src/testing/simulation/plant.ts';
import { stageSolver } from '../../src/tuning/solver/solver.ts';
import { bucket, windows } from './limited-plants-fixtures.ts';
import { fairness, simulateTwins, type Twin } from './twins-fixtures.ts';

const perCall = (batch: number): number => 4 + 0.03 * batch;

function limited(isGranted: (call: Parameters<Plant['service']>[0]) => boolean): Plant {
  return {
    name: 'limited',
    targetMs: 120,
    arrivals: 'saturating',
    service: (call) =>
      isGranted(call) ? perCall(call.batch) * noise(call.random, 0.1) : { durationMs: 2, outcome: 'rejected' },
  };
}

/** One pair says little: which of the two is ahead is decided in the first second. */
const SEEDS = 10;

async function pairsOn(plant: Plant): Promise<(readonly Twin[])[]> {
  const pairs: (readonly Twin[])[] = [];
  for (let seed = 1; seed <= SEEDS; seed += 1)
    pairs.push(await simulateTwins(plant, stageSolver, { seed, apartMs: 3000 }));
  return pairs;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] as number) + (sorted[Math.ceil(at)] as number)) / 2;
}

// Short of the goal (.95 of what one alone does, Jain's index .9); figures in docs/tuning/load.md.
it.each([
  ['a bucket', limited(bucket(120, 12))],
  ['windows of a second', limited(windows(140, 500))],
])(
  'two stages share a limit of calls per second, and are rarely refused: %s',
  async (_, plant) => {
    const pairs = await pairsOn(plant);
    expect(median(pairs.map(fairness))).toBeGreaterThan(0.85);
    const refused = pairs.flat().map(({ refusedRatio }) => refusedRatio);
    expect(median(refused)).toBeLessThan(0.03);
    expect(Math.max(...refused)).toBeLessThan(0.15);
  },
  300_000,
);

it('two stages in front of the same servers both go on, and do not spoil the target for each other', async () => {
  const servers: Plant = {
    name: 'servers',
    targetMs: 40,
    arrivals: 'saturating',
    servers: 6,
    service: (call) => firstFree(call, (2 + 0.02 * call.batch) * noise(call.random, 0.12)),
  };
  const pairs = await pairsOn(servers);
  expect(median(pairs.map(fairness))).toBeGreaterThan(0.75);
  // A pair of which one was far ahead when the other began may stay so for long.
  expect(pairs.filter((pair) => fairness(pair) < 0.55).length).toBeLessThanOrEqual(1);
  const total = median(pairs.map((pair) => pair.reduce((sum, { perSecond }) => sum + perSecond, 0)));
  expect(total).toBeGreaterThan(0.9 * 6 * 1000 * (300 / (2 + 0.02 * 300)));
}, 300_000);
