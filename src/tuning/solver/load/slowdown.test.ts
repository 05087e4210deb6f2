import { describe, expect, it } from 'vitest';
import type { StageObservation } from '../../../control/observation.ts';
import { Histogram } from '../../../stats/histogram.ts';
import { BLANK_SURFACE, learn, surfaceOf, type SurfaceState } from '../model/surface.ts';
import { observationOf, settingsOf } from '../solver-fixtures.ts';
import { NO_SLOWDOWN, watchForSlowdown, type SlowdownState } from './slowdown.ts';

const settings = settingsOf({ batchLimit: 400, concurrency: 1, burstConcurrency: 8, burstAgeMs: 6 });

/** A period in which calls of so many events, so many at once, took so long. */
function period(batch: number, inFlight: number, ms: number, more: Partial<StageObservation> = {}): StageObservation {
  const latency = new Histogram();
  latency.record(1.5 * ms, 1000);
  const sample = { batch, inFlightAtStart: inFlight, inFlightMean: inFlight, durationMs: ms, outcome: 'ok' as const };
  const samples = Array.from({ length: 20 }, () => ({ ...sample, endedAt: 0 }));
  return observationOf({ latency: latency.data(), samples, busyRatio: inFlight, ...more });
}

function taughtBy(surface: SurfaceState, observation: StageObservation): SurfaceState {
  const calls = observation.samples.map(({ batch, inFlightMean, durationMs }) => {
    return { batch, inFlight: inFlightMean, ms: durationMs, startedAt: 0 };
  });
  return learn(surface, calls, observation.at);
}

/** What is known of calls of 2 ms and 10 us an event, alone; then these periods follow. */
function after(periods: readonly StageObservation[], used = settings) {
  let surface = BLANK_SURFACE;
  let state: SlowdownState = NO_SLOWDOWN;
  let doubts = 0;
  const calm = [16, 64, 100, 100, 100].map((batch) => period(batch, 1, 2 + batch / 100));
  for (const [i, each] of [...calm, ...periods].entries()) {
    const observation = { ...each, at: 100 * (i + 1) };
    const step = watchForSlowdown(state, {
      observation,
      settings: i < calm.length ? settings : used,
      surface: taughtBy(surface, observation),
      predictedMs: (model) => 1.5 * model.predict(100, 1).ms,
    });
    ({ surface, state } = step);
    doubts += step.isDoubtful ? 1 : 0;
  }
  return { alone: surfaceOf(surface).predict(100, 1).ms, doubts };
}

const slow = period(200, 3, 12);

describe('a stage that does no longer what was predicted of it, with the same settings', () => {
  it('has a target that became slower: all calls, not only those that it saw', () => {
    const { alone, doubts } = after([slow, slow, slow]);
    expect(alone).toBeGreaterThan(7);
    expect(alone).toBeLessThan(11);
    expect(doubts).toBe(2);
  });

  it('is doubted only until it does again, or for as long as it takes to be sure', () => {
    const { alone, doubts } = after([slow, slow, period(100, 1, 3)]);
    expect(doubts).toBe(2);
    expect(alone).toBeLessThan(4);
  });

  it('is believed where what was moved explains it', () => {
    const { alone, doubts } = after([slow, slow, slow], { ...settings, concurrency: 3 });
    expect(doubts).toBe(0);
    expect(alone).toBeLessThan(5);
  });

  it.each<[string, Partial<StageObservation>]>([
    ['calls that were refused', { rejected: 1 }],
    ['calls that failed', { failed: 1 }],
    ['a closed gate', { gate: 'closed' }],
    ['a pause', { pause: { endedAt: 0, durationMs: 50 } }],
  ])('is believed where %s explain it', (_, more) => {
    const excused = { ...slow, ...more };
    expect(after([excused, excused, excused, excused]).doubts).toBe(0);
  });

  it('is believed where calls are as quick as ever: more came than before', () => {
    const late = period(100, 3, 3.1);
    const latency = new Histogram();
    latency.record(40, 1000);
    expect(after(Array.from({ length: 4 }, () => ({ ...late, latency: latency.data() }))).doubts).toBe(0);
  });
});
