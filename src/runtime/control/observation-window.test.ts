import { expect, it } from 'vitest';
import { quantile } from '../../stats/histogram.ts';
import { ObservationWindow, WINDOW_PERIODS } from './observation-window.ts';
import { observed } from './stage-observation-fixtures.ts';

it('adds up what was counted, weighs ratios by time, and takes the rest from the newest', () => {
  const window = new ObservationWindow();
  expect(window.merged()).toBeUndefined();
  window.add(
    observed({ at: 100, done: 10, p95Ms: 5, busyRatio: 1, backlogEvents: 7, pause: { endedAt: 50, durationMs: 40 } }),
  );
  window.add(observed({ at: 400, durationMs: 300, done: 30, p95Ms: 50, busyRatio: 0.5, backlogEvents: 3 }));
  const merged = window.merged();
  expect(merged).toMatchObject({ at: 400, durationMs: 400, done: 40, busyRatio: 0.625, backlogEvents: 3 });
  expect(merged?.pause).toEqual({ endedAt: 50, durationMs: 40 });
  expect(merged?.latency.count).toBe(40);
  expect(quantile(merged?.latency ?? observed({ at: 0 }).latency, 0.2)).toBeCloseTo(5, 0);
});

it('forgets what is older than half a second', () => {
  const window = new ObservationWindow();
  for (let i = 1; i <= 20; i += 1) window.add(observed({ at: i * 100, done: i }));
  expect(window.merged()).toMatchObject({ durationMs: WINDOW_PERIODS * 100, done: 16 + 17 + 18 + 19 + 20 });
});
