/**
 * The twelve parameter sets with which Vector tests its adaptive request concurrency, one event per request as there
 * (vectordotdev/vector, tests/data/adaptive-concurrency). Only the parameters: Vector has no latency target and
 * asserts ranges of what its law does, so the target here is ours: four times the delay of a request.
 */

import { firstFree, type Plant, type PlantCall } from 'daoflow/testing';
import type { Scenario } from '../scenario.ts';
import { ceiling, type Service } from './curves.ts';

interface Request {
  readonly delayMs: number;
  /** Mean of an exponential part on top, as a share of the delay. */
  readonly jitter?: number;
  /** Growth of the delay per request in flight beyond the first, as a share of it. */
  readonly scale?: number;
  /** Above so many requests in flight, the delay grows by this power of their number. */
  readonly knee?: { readonly from: number; readonly exponent: number };
}

const request =
  ({ delayMs, jitter = 0, scale = 0, knee }: Request): Service =>
  ({ inFlight, random }) => {
    const beyond = knee === undefined ? 0 : knee.exponent ** Math.max(0, inFlight - knee.from) - 1;
    return delayMs * (1 + scale * (inFlight - 1) + beyond - jitter * Math.log(1 - random()));
  };

/** Requests of the last second beyond the limit are refused, after the usual delay. */
function rateLimited(service: Service, limit: number, delayMs: number): Service {
  return (call) => {
    const oldest = call.state[`at${(call.state['count'] ?? 0) % limit}`] ?? Number.NEGATIVE_INFINITY;
    if (call.now - oldest < 1000) return { durationMs: delayMs, outcome: 'rejected', work: 0.01 };
    call.state[`at${(call.state['count'] ?? 0) % limit}`] = call.now;
    call.state['count'] = (call.state['count'] ?? 0) + 1;
    return service(call);
  };
}

/** A request that finds every server busy gets no answer: the client's time limit of a second ends it. */
function dropping(delayMs: number): Service {
  return (call: PlantCall) =>
    call.servers.some((freeAt) => freeAt <= call.now)
      ? firstFree(call, delayMs)
      : { durationMs: 1000, outcome: 'failed', work: 0.01 };
}

function set(name: string, delayMs: number, service: Service, more: Partial<Plant> = {}): Scenario {
  const plant: Plant = {
    name: `vector ${name}`,
    targetMs: 4 * delayMs,
    arrivals: 'saturating',
    service,
    ...more,
    bounds: { batchLimit: { min: 1, max: 1 }, ...more.bounds },
  };
  return { plant, group: "Vector's sets", asks: { throughput: 0.95 } };
}

const ten = { bounds: { concurrency: { min: 10, max: 10 }, burstConcurrency: { min: 10, max: 10 } } };

export const vector: readonly Scenario[] = [
  set('constant-link', 100, request({ delayMs: 100 })),
  set('defers-at-high-concurrency', 100, ceiling(request({ delayMs: 100 }), 5, 100)),
  set('defers-at-high-rate', 100, rateLimited(request({ delayMs: 100 }), 100, 100)),
  set('drops-at-high-concurrency', 100, dropping(100), { servers: 5 }),
  set('fixed-concurrency-jitter', 100, request({ delayMs: 100, jitter: 0.5 }), ten),
  set('fixed-concurrency-simple', 100, request({ delayMs: 100 }), ten),
  set('jittery-link-small', 100, request({ delayMs: 100, jitter: 0.1 })),
  set('medium-send', 100, request({ delayMs: 100 }), { arrivals: 40 }),
  set('shallow-knee', 100, request({ delayMs: 100, knee: { from: 10, exponent: 1.1 } })),
  set('slow-link', 100, request({ delayMs: 100, scale: 1 })),
  set('slow-send-1', 50, request({ delayMs: 50 }), { arrivals: 10 }),
  set('slow-send-2', 50, request({ delayMs: 50 }), { arrivals: 20 }),
];
