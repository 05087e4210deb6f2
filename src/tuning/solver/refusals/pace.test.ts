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

const measuring = {
  phase: 'measuring',
  perSecond: 30,
  since: 0,
  refusedSince: 0,
  step: 0.25,
  clean: 0,
  spare: 0,
  limit: 0,
  waitMs: 10_000,
  doubts: 0,
} as const;

it('a limit that was asked for in full is held for ten seconds or more', () => {
  const found = after(measuring, 3, 0.5);
  expect(found).toMatchObject({ phase: 'holding', limit: 25 });
  expect(found.phase === 'holding' && found.testAt).toBeGreaterThanOrEqual(14_000);
});

it('one that was not asked for in full may be higher: it is measured anew, a little above what was granted', () => {
  const found = after(measuring, 2, 0.5);
  expect(found).toMatchObject({ phase: 'measuring', limit: 0, step: 0.1, refusedSince: undefined });
  expect(found.phase !== 'free' && found.perSecond).toBeCloseTo(16.5, 6);
});

it('a test that is refused just above the limit has found the same', () => {
  expect(after({ ...measuring, perSecond: 26, limit: 25.5 }, 3, 0.1)).toMatchObject({ phase: 'holding', limit: 25.5 });
});

it('one that is refused further up may have been let through by what a bucket saved: it goes on just above the limit', () => {
  const drained = after({ ...measuring, limit: 25, clean: 28, spare: 5 }, 3, 0.5);
  expect(drained).toMatchObject({ phase: 'measuring', perSecond: 26.25, clean: 0, refusedSince: undefined });
  const higher = after({ ...measuring, limit: 25, clean: 28, spare: 26 }, 3, 0.1);
  expect(higher.phase !== 'free' && higher.perSecond).toBeGreaterThan(28);
});

it('what was taken is the limit, where a little more of it is granted far less', () => {
  const asked = { ...measuring, step: 0.5, clean: 28 };
  const again = after({ ...asked, perSecond: 40 }, 4, 2);
  expect(again).toMatchObject({ phase: 'measuring', perSecond: 28, clean: 0 });
  const kept = after({ ...asked, perSecond: 29 }, 3, 1.5);
  expect(kept.phase === 'holding' && kept.perSecond).toBeCloseTo(28, 6);
});

it('what is refused in the second after a change of pace is an echo of what was granted before it', () => {
  const holding = { phase: 'holding', perSecond: 27.6, limit: 28, testAt: 1e6, waitMs: 10_000, doubts: 0 } as const;
  const echoed = { ...holding, since: 2900 };
  expect(after(echoed, 3, 0.5)).toBe(echoed);
  expect(after({ ...holding, since: 0 }, 3, 0.5)).toMatchObject({ phase: 'holding', limit: 25 });
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
