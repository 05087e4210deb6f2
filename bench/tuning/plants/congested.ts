/**
 * Targets that let calls hang for want of room: a call that finds every server busy is ended by its time limit. One fails at
 * random only, which is no reason for fewer calls.
 */

import { firstFree, type Plant } from 'daoflow/testing';
import type { Scenario } from '../scenario.ts';
import type { Service } from './curves.ts';

interface Hanging {
  readonly callMs: (batch: number) => number;
  /** What ends calls that hang, ms. */
  readonly limitMs: number;
  /** Share of all calls that hang besides. */
  readonly flaky?: number;
}

const NOISE = 0.1;
/** What such a call costs its target, of one that works. */
const HANGING_WORK = 0.01;

const hanging =
  ({ callMs, limitMs, flaky = 0 }: Hanging): Service =>
  (call) => {
    const { servers, now, random, batch } = call;
    const hasRoom = random() >= flaky && (servers.length === 0 || servers.some((freeAt) => freeAt <= now));
    const durationMs = callMs(batch) * (1 + NOISE * (random() - 0.5));
    if (!hasRoom) return { durationMs: limitMs, outcome: 'failed', work: HANGING_WORK };
    return servers.length === 0 ? durationMs : firstFree(call, durationMs);
  };

function scenario(name: string, targetMs: number, given: Hanging, more: Partial<Plant>): Scenario {
  const plant: Plant = { name, targetMs, arrivals: 'saturating', service: hanging(given), ...more };
  return { plant, group: 'congestion', asks: { throughput: 0.95 } };
}

const quick = (batch: number): number => 5 + 0.02 * batch;

export const congested: readonly Scenario[] = [
  scenario('hangs-20', 50, { callMs: (batch) => 3 + 0.02 * batch, limitMs: 500 }, { servers: 20 }),
  scenario('hangs-8-slow', 100, { callMs: (batch) => 15 + 0.05 * batch, limitMs: 1000 }, { servers: 8 }),
  scenario('hangs-8-briefly', 50, { callMs: quick, limitMs: 100 }, { servers: 8 }),
  scenario('hangs-8-flaky', 50, { callMs: quick, limitMs: 500, flaky: 0.02 }, { servers: 8 }),
];
