/** One call per event: a `mapAsync` in front of what people call with it, in order and in any order. */

import type { Plant } from 'daoflow/testing';
import type { Asks, Scenario } from '../scenario.ts';
import { affine, bucket, room, saturated, served, shared, usl, type Service } from './curves.ts';

const cost = affine(4, 0);
const SIGMA = 0.12;
const alone = usl(0, 0);
/** A pool of connections. */
const atMost64 = { min: 1, max: 64 };
const asks: Asks = { throughput: 0.95 };
/** The target says no. */
const refusing: Asks = { throughput: 0.95, refused: 0.01 };

const both = (name: string, targetMs: number, service: Service, asked: Asks, more: Partial<Plant> = {}): Scenario[] =>
  [true, false].map((ordered) => ({
    group: '24 one call per event',
    asks: asked,
    plant: saturated(ordered ? `each-${name}` : `each-${name}-unordered`, targetMs, service, {
      mapAsync: { ordered },
      ...more,
    }),
  }));

export const perEvent: readonly Scenario[] = [
  ...both('rate-200', 100, bucket(shared(cost, alone, SIGMA), 200, 20, 1), refusing),
  ...both('refused-8', 50, room(cost, SIGMA, { durationMs: 1, outcome: 'rejected', work: 0.01 }), refusing, {
    servers: 8,
  }),
  ...both('hangs-8', 50, room(cost, SIGMA, { durationMs: 500, outcome: 'failed', work: 0.01 }), asks, { servers: 8 }),
  ...both('servers-8', 30, served(cost, SIGMA), asks, { servers: 8, inFamily: true }),
  ...both('exponential', 30, ({ random }) => -5 * Math.log(1 - random()), asks, {
    bounds: { concurrency: atMost64, burstConcurrency: atMost64 },
  }),
];
