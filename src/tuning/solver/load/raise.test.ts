import { describe, expect, it } from 'vitest';
import type { StageObservation } from '../../../control/observation.ts';
import type { Plan } from '../plan.ts';
import { observationOf, settingsOf } from '../solver-fixtures.ts';
import { dueRaise, judgedRaises, NO_RAISES, type RaiseInput, type Raises } from './raise.ts';

const plan: Plan = { kind: 'move', settings: { concurrency: 16, burstConcurrency: 32 }, reason: '', evidence: {} };

/** Calls of that length in a period that ends at `at`; the target is 15 ms. */
function input(ms: number, { at = 1100, batch = 100, inFlight = 8, isSeen = true } = {}): RaiseInput {
  const sample = { batch, inFlightAtStart: 8, inFlightMean: 8, durationMs: ms, outcome: 'ok' as const, endedAt: at };
  const observation: StageObservation = observationOf({ at, samples: [sample] });
  return { observation, settings: settingsOf({ concurrency: inFlight, burstConcurrency: 10 }), p95Ms: 15, isSeen };
}

/** From 8 calls at once to 16, of calls of 100 events that took 20 ms. */
const [, raised] = dueRaise(NO_RAISES, plan, input(20, { at: 1000 }));
const after = (ms: number, more: Parameters<typeof input>[1] = {}): Raises =>
  judgedRaises(raised, input(ms, { inFlight: 16, ...more }));

describe('a raise', () => {
  it('waits for calls that began with the settings in force, that of bursts too', () => {
    const [waiting, noted] = dueRaise(NO_RAISES, plan, input(20, { isSeen: false }));
    expect(waiting.settings).toEqual({ concurrency: 8, burstConcurrency: 10 });
    expect(noted).toEqual(NO_RAISES);
    expect(dueRaise(NO_RAISES, plan, input(20))[0]).toBe(plan);
  });

  it('was in vain where calls became longer with it, and late', () => {
    expect(after(40).ceiling).toEqual({ inFlight: 8, until: 3100 });
  });

  it.each<[string, Raises]>([
    ['calls are hardly longer', after(25)],
    ['calls are longer, but within twice the target', after(30)],
    ['calls are longer because they are larger', after(40, { batch: 400 })],
    ['no call that began with it has ended', after(40, { isSeen: false })],
    ['calls became longer long after it', after(40, { at: 1600 })],
    ['the calls in flight are others now', after(40, { inFlight: 12 })],
  ])('was not in vain where %s', (_, { ceiling }) => {
    expect(ceiling).toBeUndefined();
  });

  it('that was in vain may be tried again after two seconds, or when calls are short', () => {
    const vain = after(40);
    expect(judgedRaises(vain, input(40, { at: 3000 })).ceiling?.inFlight).toBe(8);
    expect(judgedRaises(vain, input(40, { at: 3100 })).ceiling).toBeUndefined();
    expect(judgedRaises(vain, input(7, { at: 2000 })).ceiling).toBeUndefined();
  });
});

it('has nothing against fewer calls', () => {
  const fewer = { ...plan, settings: { concurrency: 2 } };
  expect(dueRaise(NO_RAISES, fewer, input(20))).toEqual([fewer, NO_RAISES]);
});
