/** Arrivals at a rate of their own: rows 4, 6, 7, 9, 10, 11 and 14 of the matrix (docs/tuning), and sources as slow as their target. */

import type { Plant } from 'daoflow/testing';
import type { Asks, Scenario } from '../scenario.ts';
import { affine, during, outage, saturated, served, shared, usl, type Service } from './curves.ts';

function row(group: string, asks: Asks, plants: readonly Plant[]): Scenario[] {
  return plants.map((plant) => ({ group, asks, plant: { inFamily: true, ...plant } }));
}

function offered(
  name: string,
  targetMs: number,
  arrivals: Plant['arrivals'],
  service: Service,
  more: Partial<Plant> = {},
): Plant {
  return { ...saturated(name, targetMs, service, more), arrivals };
}

const database: Service = shared(affine(2, 0.02), usl(0.03, 0.002), 0.12);

const wave = (periodMs: number) => (now: number) => 20_000 - 16_000 * Math.cos((2 * Math.PI * now) / periodMs);

const periodic = row('6 periodic load', { goodput: 0.999, cost: 1.5 }, [
  offered('wave-5s', 30, wave(5000), database, { durationMs: 30_000 }),
  offered('wave-20s', 30, wave(20_000), database, { durationMs: 60_000 }),
  offered('wave-120s', 30, wave(120_000), database, { durationMs: 120_000 }),
]);

const bursts = row('7 bursts', { goodput: 0.995, p95: 0.3 }, [
  offered('bursts-200ms', 100, (now) => (now % 2000 < 200 ? 100_000 : 6000), served(affine(1.5, 0.02), 0.12, 0.5), {
    servers: 16,
  }),
  offered(
    'burst-x20',
    100,
    (now) => (now >= 15_000 && now < 15_500 ? 80_000 : 4000),
    served(affine(1.5, 0.02), 0.12, 0.5),
    { servers: 16 },
  ),
]);

const slowdowns = row('4 slowdown under load', { goodput: 0.97, reconvergencePeriods: 15, secondsFarOver: 1 }, [
  offered('slow-x3-load', 30, 20_000, shared(affine(2, 0.02), usl(0.03, 0.002), 0.12, during(15_000, 25_000, 3)), {
    durationMs: 40_000,
    phases: [
      [0, 15_000],
      [15_000, 25_000],
      [25_000, 40_000],
    ],
  }),
]);

/** Two connections that share a core: 600K events/s at most. */
const insert = served(affine(0.3, 0.0033), 0.15, 1);
const limitedSource = (name: string, mostPerSecond: number): Plant =>
  saturated(name, 30, insert, { servers: 2, mostPerSecond });
const waiting = row('21 sources that wait', { throughput: 0.92, violations: 0.05 }, [
  limitedSource('source-450K', 450_000),
  limitedSource('source-600K', 600_000),
  limitedSource('source-700K', 700_000),
]);

const outages = row('8 outage under load', { reconvergencePeriods: 10 }, [
  offered('outage-3s-load', 50, 10_000, outage(database, 15_000, 18_000), {
    durationMs: 40_000,
    phases: [
      [0, 15_000],
      [18_000, 40_000],
    ],
  }),
]);

const pauses = row('9 pauses', { concurrencyCv: 0.1 }, [
  offered('pause-120ms', 30, 20_000, database, { pauses: { everyMs: 3000, lengthMs: 120 } }),
  offered('pause-30ms', 40, 20_000, database, { pauses: { everyMs: 300, lengthMs: 30 } }),
]);

const tiny = row('10 tiny load', { p95OfBest: 1.15 }, [
  offered('1-per-second', 30, 1, database),
  offered('20-per-second', 30, 20, database),
]);

const floor = row('11 latency floor', { p95OfBest: 1.1 }, [
  offered('floor-6ms', 5, 5000, shared(affine(6, 0.02), usl(0.01, 0.0002), 0.1)),
  { ...saturated('floor-saturated', 8, shared(affine(10, 0.02), usl(0.02, 0.001), 0.1)) },
]);

const steady = row('12 steady load', { goodput: 0.999 }, [
  offered('40k-per-second', 30, 40_000, database),
  offered('3k-per-second', 30, 3000, served(affine(3, 0.05), 0.15, 0.5), { servers: 4 }),
]);

const steps = row('14 load step', { goodput: 0.99, reconvergencePeriods: 10 }, [
  offered(
    '2k-60k-2k',
    30,
    (now) => (now >= 15_000 && now < 35_000 ? 60_000 : 2000),
    shared(affine(1, 0.01), usl(0.03, 0.002), 0.12),
    {
      durationMs: 50_000,
      phases: [
        [0, 15_000],
        [15_000, 35_000],
        [35_000, 50_000],
      ],
    },
  ),
]);

export const open: readonly Scenario[] = [
  ...periodic,
  ...bursts,
  ...slowdowns,
  ...waiting,
  ...outages,
  ...pauses,
  ...tiny,
  ...floor,
  ...steady,
  ...steps,
];
