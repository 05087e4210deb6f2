import { expect, it } from 'vitest';
import type { LedgerEntry } from './ledger.ts';
import { FREE, nextPace, type Pace } from './pace.ts';

/** One step after four seconds of periods in which so many calls were started and refused. */
function after(pace: Pace, started: number, refused: number): Pace {
  const entries = Array.from({ length: 40 }, (_, i): LedgerEntry => ({
    at: 100 * (i + 1),
    durationMs: 100,
    started,
    refused,
  }));
  return nextPace(pace, { now: 4000, ledger: { inFlight: 0, entries }, turns: 3, refusedSince: 0 });
}

const measuring: Pace = {
  phase: 'measuring',
  perSecond: 30,
  since: 0,
  refusedSince: 0,
  step: 0.25,
  clean: 0,
  limit: 0,
  waitMs: 2000,
  doubts: 0,
};

it('a limit that was asked for in full is held for ten seconds or more', () => {
  const found = after(measuring, 3, 0.5);
  expect(found).toMatchObject({ phase: 'holding', limit: 25, isSure: true });
  expect(found.phase === 'holding' && found.testAt).toBeGreaterThanOrEqual(14_000);
});

it('one that was not asked for in full may be higher: it is tested soon, and measured anew', () => {
  const found = after(measuring, 2, 0.5);
  expect(found).toMatchObject({ phase: 'holding', limit: 15, isSure: false, testAt: 6000 });
  if (found.phase !== 'holding') return;
  expect(after({ ...found, since: 0, testAt: 4000 }, 1.5, 0)).toMatchObject({ phase: 'measuring', limit: 0 });
});

it('a test that oversteps the limit by much goes on just above what was taken', () => {
  const tested = after({ ...measuring, clean: 26, step: 0.3 }, 3, 0.4);
  expect(tested).toMatchObject({ phase: 'measuring', refusedSince: undefined });
  expect(tested.phase !== 'free' && tested.perSecond).toBeCloseTo(26.5, 1);
  expect(after({ ...measuring, clean: 12, step: 1 }, 3, 0.5)).toMatchObject({ phase: 'holding' });
});

it('without a turn there is no limit', () => {
  expect(nextPace(FREE, { now: 4000, ledger: { inFlight: 0, entries: [] }, turns: 0, refusedSince: 0 })).toBe(FREE);
});
