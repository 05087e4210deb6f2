/** Costs of the kind that the law's model has: rows 1 to 5, 8, 15, 18 and 19 of the matrix (docs/tuning). */

import type { Plant } from 'daoflow/testing';
import type { Asks, Scenario } from '../scenario.ts';
import {
  affine,
  bucket,
  ceiling,
  during,
  flaky,
  outage,
  perSecond,
  ramp,
  saturated,
  served,
  shared,
  slowTail,
  usl,
} from './curves.ts';

function row(group: string, asks: Asks, plants: readonly Plant[]): Scenario[] {
  return plants.map((plant) => ({ group, asks, plant: { inFamily: true, ...plant } }));
}

const gentle = usl(0.02, 0.0005);
const pin = (value: number) => ({ min: value, max: value });

/** Three phases in which the middle one is another plant. */
const step = (changeMs: number, backMs: number, endMs: number): Partial<Plant> => ({
  durationMs: endMs,
  phases: [
    [0, changeMs],
    [changeMs, backMs],
    [backMs, endMs],
  ],
});

const affineCost = row('1 affine cost', { throughput: 0.97, convergencePeriods: 20 }, [
  saturated('affine-half', 20, shared(affine(0.5, 0.002), gentle, 0.1)),
  saturated('affine-2', 30, shared(affine(2, 0.01), gentle, 0.1)),
  saturated('affine-5', 60, shared(affine(5, 0.2), gentle, 0.12)),
  saturated('affine-12', 150, shared(affine(12, 0.05), gentle, 0.12)),
  saturated('affine-20', 250, shared(affine(20, 0.04), gentle, 0.12)),
]);

const knee = row('2 contention', { throughput: 0.97, violations: 0.02 }, [
  saturated('usl-mild', 30, shared(affine(1, 0.02), usl(0.03, 0.001), 0.1)),
  saturated('usl-knee', 30, shared(affine(1, 0.02), usl(0.05, 0.005), 0.1)),
  saturated('usl-hard', 40, shared(affine(3, 0.03), usl(0.1, 0.02), 0.12)),
  saturated('usl-retrograde', 40, shared(affine(2, 0.05), usl(0.1, 0.05), 0.15)),
  saturated('usl-lean', 60, shared(affine(4, 0.02), usl(0.02, 0.01), 0.12)),
]);

const servers = row(
  '3 servers',
  { throughput: 0.96, convergencePeriods: 30 },
  [1, 2, 5, 10, 20, 32].map((count) =>
    saturated(`servers-${count}`, count > 10 ? 70 : 35, served(affine(2, 0.02), 0.12, 0.8), { servers: count }),
  ),
);

const slowdown = row('4 slowdown', { throughput: 0.97, reconvergencePeriods: 15, secondsFarOver: 1 }, [
  saturated('slower-5', 60, shared(affine(1, 0.02), usl(0.03, 0.002), 0.1, during(20_000, 50_000, 5)), {
    ...step(20_000, 50_000, 75_000),
  }),
  saturated('faster-5', 60, shared(affine(4, 0.05), usl(0.04, 0.003), 0.12, during(20_000, 50_000, 0.2)), {
    ...step(20_000, 50_000, 75_000),
  }),
  saturated('slower-5-servers', 100, served(affine(2, 0.02), 0.12, 0.5, during(20_000, 50_000, 5)), {
    ...step(20_000, 50_000, 75_000),
    servers: 6,
  }),
]);

const noisy = row('5 noise', { throughput: 0.95, concurrencyCv: 0.1 }, [
  saturated('noisy-0.4', 50, slowTail(shared(affine(1, 0.02), usl(0.03, 0.002), 0.4), 0.05, { factor: 4 })),
  saturated('noisy-servers', 60, slowTail(served(affine(2, 0.03), 0.4), 0.05, { factor: 4 }), { servers: 6 }),
]);

const neighbour = row('5 neighbour', { throughput: 0.95 }, [
  saturated('neighbour-half', 50, shared(affine(1.5, 0.02), usl(0.03, 0.002), 0.15, during(20_000, 30_000, 2)), {
    ...step(20_000, 30_000, 50_000),
  }),
]);

const refusing = row('8 refusals', { throughput: 0.97, refused: 0.005 }, [
  saturated('ceiling-10', 30, ceiling(shared(affine(2, 0.02), gentle, 0.1), 10)),
  saturated('ceiling-4', 50, ceiling(shared(affine(4, 0.03), usl(0.01, 0.0002), 0.15), 4)),
  saturated('ceiling-40', 60, ceiling(shared(affine(5, 0.05), usl(0.01, 0.0002), 0.12), 40)),
]);

const storms = row('8 storms', { throughput: 0.97, reconvergencePeriods: 10 }, [
  saturated('outage-3s', 50, outage(shared(affine(2, 0.02), usl(0.03, 0.002), 0.1), 20_000, 23_000), {
    durationMs: 45_000,
    phases: [
      [0, 20_000],
      [23_000, 45_000],
    ],
  }),
]);

const errors = row('8 errors', { throughput: 0.97 }, [
  saturated('errors-30%', 400, flaky(shared(affine(2, 0.02), usl(0.01, 0.0005), 0.1), 0.3)),
]);

const pinned = row('15 pinned', { throughput: 0.97 }, [
  saturated('pinned-batch-1', 400, shared(affine(100, 0.01), usl(0.003, 0.00001), 0.15), {
    bounds: { batchLimit: pin(1) },
  }),
  saturated('pinned-batch-50', 40, shared(affine(2, 0.02), usl(0.03, 0.002), 0.12), {
    bounds: { batchLimit: pin(50) },
  }),
  saturated('pinned-calls-2', 40, shared(affine(2, 0.02), usl(0.03, 0.002), 0.12), {
    bounds: { concurrency: pin(2), burstConcurrency: pin(2) },
  }),
  saturated('bounded', 60, shared(affine(2, 0.02), usl(0.01, 0.0005), 0.12), {
    bounds: { batchLimit: { min: 1, max: 300 }, concurrency: { min: 1, max: 12 } },
  }),
]);

const drift = row('18 drift', { throughput: 0.95, violations: 0.05 }, [
  saturated('drift-3', 60, shared(affine(2, 0.03), usl(0.03, 0.002), 0.12, ramp(15_000, 30_000, 3)), {
    durationMs: 45_000,
  }),
  saturated(
    'drift-back',
    60,
    shared(affine(2, 0.03), usl(0.03, 0.002), 0.12, (now) => 1 / ramp(15_000, 30_000, 3)(now)),
    {
      durationMs: 45_000,
    },
  ),
]);

const rates = row('19 calls per second', { throughput: 0.97, refused: 0.01 }, [
  saturated('rate-100', 100, bucket(shared(affine(4, 0.02), gentle, 0.12), 100, 10)),
  saturated('rate-20', 400, bucket(shared(affine(15, 0.1), gentle, 0.12), 20, 3)),
  saturated('rate-500', 40, bucket(shared(affine(1, 0.01), usl(0.02, 0.002), 0.15), 500, 25)),
  saturated('rate-150-window', 120, perSecond(shared(affine(4, 0.03), gentle, 0.12), 150)),
]);

export const family: readonly Scenario[] = [
  ...affineCost,
  ...knee,
  ...servers,
  ...slowdown,
  ...noisy,
  ...neighbour,
  ...refusing,
  ...storms,
  ...errors,
  ...pinned,
  ...drift,
  ...rates,
];
