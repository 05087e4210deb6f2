/** What answers depend on besides the plant and the law: how a stage behaves, and how runs are simulated and measured. */

import { createHash, type Hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { simulate, type Plant, type SimulationOptions } from 'daoflow/testing';
import { affine, bucket, flaky, saturated, shared, usl } from './plants/curves.ts';
import { root } from './root.ts';

/** The same while stages behave alike: the simulator by its sources, the engine by what some runs of it do. */
export async function engineFingerprint(): Promise<string> {
  const hash = createHash('sha256');
  hashSources(hash, 'src/testing/simulation');
  for (const [plant, options] of RUNS) {
    const { periods } = await simulate(plant, { ...options, durationMs: 1500 });
    for (const { observation } of periods) {
      const { arrived, done, failed, rejected, calls, backlogEvents, latency } = observation;
      hash.update(JSON.stringify([arrived, done, failed, rejected, calls, backlogEvents, latency.sum]));
    }
  }
  return hash.digest('hex').slice(0, 8);
}

/** Sources of a folder, without tests. */
export function hashSources(hash: Hash, folder: string): void {
  for (const name of readdirSync(join(root, folder)).sort()) {
    if (name.endsWith('.ts') && !name.endsWith('.test.ts')) hash.update(readFileSync(join(root, folder, name)));
  }
}

const database = shared(affine(2, 0.05), usl(0.03, 0.002), 0.2);

/** Every rule of dispatch at work: batching, linger, bursts, pacing, the gate, retries. */
const RUNS: readonly (readonly [Plant, SimulationOptions])[] = [
  [
    saturated('full', 30, database),
    { settings: { batchLimit: 80, concurrency: 6, burstConcurrency: 6, edgeEvents: 80 } },
  ],
  [
    { ...saturated('offered', 30, flaky(database, 0.1)), arrivals: 9000 },
    { settings: { batchLimit: 40, concurrency: 4, burstConcurrency: 8, burstAgeMs: 8, lingerMs: 3, edgeEvents: 120 } },
  ],
  [
    saturated('limited', 30, bucket(database, 100, 5)),
    { settings: { batchLimit: 50, concurrency: 6, burstConcurrency: 6, minGapMs: 8, edgeEvents: 50 } },
  ],
];
