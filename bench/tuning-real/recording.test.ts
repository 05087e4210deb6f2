import { expect, it } from 'vitest';
import { callMsOf, secondsOf, stepOf, windowOf, type Recording } from './recording.ts';

/** 100 rows in each 50 ms, of which `late` took 80 ms and the others 20. */
function recording(late: readonly number[]): Recording {
  const buckets = late.map((rows) => ({
    rows: [
      [stepOf(20), 100 - rows],
      [stepOf(80), rows],
    ] as const,
    calls: 2,
    callsMs: 30,
  }));
  return { buckets };
}

it('reads rows per second and the p95 by rows, each within its window', () => {
  const run = recording([...new Array<number>(20).fill(4), ...new Array<number>(20).fill(6)]);
  const [first, second] = secondsOf(run, 0, 2000);
  expect(first?.perSecond).toBe(2000);
  expect(first?.p95Ms).toBeCloseTo(20, 0);
  expect(second?.p95Ms).toBeCloseTo(80, -1);
  expect(callMsOf(run, 0, 2000)).toBe(15);
});

it('has no p95 where nothing was confirmed', () => {
  expect(windowOf({ buckets: [] }, 0, 1000)).toEqual({ perSecond: 0, p95Ms: Infinity });
});
