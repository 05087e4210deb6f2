/**
 * Sources that give many events at once (a post, a chunk of a file, an array), the last of which is late by what those before it take;
 * and targets that delay instead of refusing, but make up for what they were not asked for.
 */

import type { Plant } from 'daoflow/testing';
import type { Asks, Scenario } from '../scenario.ts';
import { affine, delayed, saturated, served, shared, usl, type Service } from './curves.ts';

const inTime: Asks = { throughput: 0.95 };
/** Where no settings are in time: as late as the best ones. */
const late: Asks = { throughput: 0.95, p95OfBest: 1.1 };

/** 10,000 events per second, in batches of 100 at most. */
const cost = affine(5, 0.05);
const bounds: Plant['bounds'] = { batchLimit: { min: 1, max: 100 } };
const THIRD = 3000;

const scenario =
  (group: string) =>
  (name: string, asks: Asks, service: Service, more: Partial<Plant>): Scenario => ({
    group,
    asks,
    plant: saturated(name, 30, service, more),
  });

const atOnce = scenario('22 events together');
const one = served(cost, 0.1);
const many = shared(affine(2, 0.05), usl(0.03, 0.002), 0.1);
const insert = served(affine(0.3, 0.0033), 0.15, 1);

const bulks: readonly Scenario[] = [
  atOnce('bulk-2000', late, one, { bulk: 2000, bounds, inFamily: true }),
  atOnce('bulk-1500-usl', inTime, many, { bulk: 1500, inFamily: true }),
  atOnce('bulk-10000-usl', late, many, { bulk: 10_000, inFamily: true }),
  atOnce('bulk-500-450K', inTime, insert, { bulk: 500, servers: 2, mostPerSecond: 450_000, inFamily: true }),
  atOnce('bulk-60', inTime, one, { bulk: 60, bounds, arrivals: THIRD, inFamily: true }),
];

const makingUp = scenario('23 time that is made up');
const for100 = delayed(cost, 0.1, 100);
const for300 = delayed(cost, 0.1, 300);
const for1000 = delayed(cost, 0.1, 1000);
const overload = (now: number): number => (now < 1000 ? 20_000 : THIRD);

const delays: readonly Scenario[] = [
  makingUp('makes-up-100ms-bulk-2000', late, for100, { bulk: 2000, bounds }),
  makingUp('makes-up-100ms-bulk-60', inTime, for100, { bulk: 60, bounds, arrivals: THIRD }),
  makingUp('makes-up-300ms-bulk-60', inTime, for300, { bulk: 60, bounds, arrivals: THIRD }),
  makingUp('makes-up-300ms', inTime, for300, { bounds }),
  makingUp('makes-up-300ms-third', inTime, for300, { bounds, arrivals: THIRD }),
  makingUp('makes-up-1s-overload', inTime, for1000, { bounds, arrivals: overload }),
];

export const together: readonly Scenario[] = [...bulks, ...delays];
