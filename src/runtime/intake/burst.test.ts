import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Burst, type BurstTotals } from './burst.ts';

interface Stand {
  readonly clock: { at: number; reads: number; now(): number; wall(): number };
  readonly burst: Burst;
  readonly reports: BurstTotals[];
}

function makeStand(): Stand {
  const reports: BurstTotals[] = [];
  const clock = {
    at: 1000,
    reads: 0,
    now: () => ((clock.reads += 1), clock.at),
    wall: () => 1.7e12 + clock.at,
  };
  const burst = new Burst(clock, ({ events, bytes, confirmed, beganAt, endedAt }) =>
    reports.push({ events, bytes, confirmed, beganAt, endedAt }),
  );
  return { clock, burst, reports };
}

/** One batch that takes so long. */
function pass({ clock, burst }: Stand, tookMs: number, events = 1): void {
  burst.enter(events, events * 10);
  clock.at += tookMs;
  burst.leave(events);
}

const codeEnds = (): Promise<void> => Promise.resolve();

describe('Burst', () => {
  it('reports every batch once, with a latency that is never below its own', async () => {
    const steps = fc.array(
      fc.record({ tookMs: fc.constantFrom(0, 0.0005, 0.01, 0.2, 7), waits: fc.boolean(), flushes: fc.boolean() }),
      { maxLength: 200 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        const stand = makeStand();
        const own: number[] = [];
        for (const { tookMs, waits, flushes } of steps) {
          pass(stand, tookMs);
          own.push(tookMs);
          if (flushes) stand.burst.flush();
          if (!waits) continue;
          await codeEnds();
          stand.clock.at += 1000; // never part of a latency
        }
        await codeEnds();
        const recorded = stand.reports.flatMap(({ confirmed, beganAt, endedAt }) =>
          Array.from({ length: confirmed }, () => endedAt - beganAt),
        );
        expect(recorded.length).toBe(own.length);
        expect(stand.reports.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(own.length * 10);
        for (const [i, latency] of recorded.entries()) expect(latency).toBeGreaterThan((own[i] ?? 0) - 1e-9);
        expect(Math.max(0, ...recorded)).toBeLessThan(1000);
      }),
    );
  });

  it('reads the clock seldom for short batches, and overstates their latency by no more than 50 us', () => {
    const stand = makeStand();
    for (let i = 0; i < 1000; i += 1) pass(stand, 0.001);
    stand.clock.reads = 0;
    stand.reports.length = 0;
    for (let i = 0; i < 1000; i += 1) pass(stand, 0.001);
    expect(stand.clock.reads).toBeLessThan(50);
    for (const { beganAt, endedAt } of stand.reports) expect(endedAt - beganAt).toBeLessThanOrEqual(0.05 + 1e-9);
  });

  it('times a batch by itself that takes longer, at once when they all do', () => {
    const stand = makeStand();
    for (let i = 0; i < 100; i += 1) pass(stand, 0.001);
    for (let i = 0; i < 200; i += 1) pass(stand, 0.3);
    stand.reports.length = 0;
    for (let i = 0; i < 10; i += 1) {
      pass(stand, 0.3);
      stand.clock.at += 5; // the source works on the next batch
    }
    expect(stand.reports.length).toBe(10);
    for (const { beganAt, endedAt } of stand.reports) expect(endedAt - beganAt).toBeCloseTo(0.3);
  });

  it('ends with the code in which it began', async () => {
    const stand = makeStand();
    for (let i = 0; i < 100; i += 1) pass(stand, 0.001);
    await codeEnds();
    stand.reports.length = 0;
    pass(stand, 0.001, 5);
    expect(stand.reports).toEqual([]);
    await codeEnds();
    expect(stand.reports.map(({ events }) => events)).toEqual([5]);
  });

  it('tells what has come so far when it is asked in the middle of a batch, and the rest later', async () => {
    const stand = makeStand();
    stand.burst.enter(7, 70);
    stand.burst.flush();
    expect(stand.reports.map(({ events, confirmed }) => [events, confirmed])).toEqual([[7, 0]]);
    stand.clock.at += 2;
    stand.burst.leave(7);
    await codeEnds();
    const [, last] = stand.reports;
    expect([last?.events, last?.confirmed, last === undefined ? 0 : last.endedAt - last.beganAt]).toEqual([0, 7, 2]);
  });
});
