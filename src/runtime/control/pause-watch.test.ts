import { expect, it } from 'vitest';
import { DiscreteScheduler } from '../../testing/discrete-scheduler.ts';
import { PauseWatch } from './pause-watch.ts';

function watched(): { scheduler: DiscreteScheduler; watch: PauseWatch } {
  const scheduler = new DiscreteScheduler();
  const watch = new PauseWatch(scheduler);
  watch.start();
  return { scheduler, watch };
}

it('says nothing while the event loop turns', async () => {
  const { scheduler, watch } = watched();
  await scheduler.runUntil(1000);
  expect(watch.take()).toBeUndefined();
});

it.each([5, 12, 19.5])(
  'sees a stand-still of 30 ms that begins %d ms after a beat, at most a beat too long',
  async (at) => {
    const { scheduler, watch } = watched();
    await scheduler.runUntil(200);
    scheduler.after(at, () => scheduler.freeze(30));
    await scheduler.runUntil(300);
    const pause = watch.take();
    expect(pause?.endedAt).toBeCloseTo(200 + at + 30);
    expect(pause?.durationMs).toBeGreaterThanOrEqual(30);
    expect(pause?.durationMs).toBeLessThanOrEqual(50);
    expect(watch.take()).toBeUndefined();
  },
);

it('gives the longest of several', async () => {
  const { scheduler, watch } = watched();
  for (const [at, ms] of [
    [100, 40],
    [200, 120],
    [400, 60],
  ] as const) {
    scheduler.after(at, () => scheduler.freeze(ms));
  }
  await scheduler.runUntil(600);
  expect(watch.take()?.endedAt).toBe(320);
});

it('takes a loop that is always slow for the norm, and still sees what is longer', async () => {
  const { scheduler, watch } = watched();
  const slow = (): void => {
    scheduler.freeze(45);
    scheduler.after(46, slow);
  };
  slow();
  await scheduler.runUntil(3000);
  watch.take();
  await scheduler.runUntil(6000);
  expect(watch.take()).toBeUndefined();
  scheduler.after(1, () => scheduler.freeze(200));
  await scheduler.runUntil(6500);
  expect(watch.take()?.durationMs).toBeGreaterThanOrEqual(200);
});
