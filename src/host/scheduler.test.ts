import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { holdProcess, systemClock, systemScheduler } from './scheduler.ts';

describe('the system clock', () => {
  it('is the monotonic clock of the operating system, so that threads can compare readings', async () => {
    const clock = systemClock();
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       parentPort.on('message', () => parentPort.postMessage(Number(process.hrtime.bigint()) / 1e6));`,
      { eval: true },
    );
    const before = clock.now();
    worker.postMessage('what time is it');
    const [inWorker] = (await once(worker, 'message')) as [number];
    const after = clock.now();
    await worker.terminate();
    expect(inWorker).toBeGreaterThanOrEqual(before - TOLERANCE_MS);
    expect(inWorker).toBeLessThanOrEqual(after + TOLERANCE_MS);
  });

  it('gives every instance the same zero point', () => {
    const first = systemClock();
    const second = systemClock();
    const a = first.now();
    const b = second.now();
    const c = first.now();
    expect(b).toBeGreaterThanOrEqual(a - TOLERANCE_MS);
    expect(b).toBeLessThanOrEqual(c + TOLERANCE_MS);
  });

  it('tells the wall time in epoch milliseconds', () => {
    const before = Date.now();
    const wall = systemClock().wall();
    expect(wall).toBeGreaterThanOrEqual(before);
    expect(wall).toBeLessThanOrEqual(Date.now());
  });
});

/** How exactly the offset to the monotonic clock is known, with room for a busy machine. */
const TOLERANCE_MS = 1;

describe('timers', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('run their task once, when the delay has passed', () => {
    const task = vi.fn();
    systemScheduler().after(50, task);
    vi.advanceTimersByTime(49);
    expect(task).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(task).toHaveBeenCalledOnce();
  });

  it('never run once cancelled, and may be cancelled again', () => {
    const task = vi.fn();
    const timer = systemScheduler().after(50, task);
    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(1000);
    expect(task).not.toHaveBeenCalled();
  });

  it('wait beyond the longest delay of Node instead of firing at once', () => {
    const task = vi.fn();
    const days60 = 60 * 86_400_000;
    systemScheduler().after(days60, task);
    vi.advanceTimersByTime(days60 - 1);
    expect(task).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(task).toHaveBeenCalledOnce();
  });

  it('can be cancelled after having been armed again', () => {
    const task = vi.fn();
    const timer = systemScheduler().after(2 ** 32, task);
    vi.advanceTimersByTime(2 ** 31 + 5);
    timer.cancel();
    vi.advanceTimersByTime(2 ** 33);
    expect(task).not.toHaveBeenCalled();
  });

  it.each([
    [undefined, false],
    [false, false],
    [true, true],
  ])('keep the process alive only when asked to (keepAlive: %s)', (keepAlive, expected) => {
    const armed = vi.spyOn(globalThis, 'setTimeout');
    systemScheduler(keepAlive === undefined ? {} : { keepAlive }).after(10, () => undefined);
    expect((armed.mock.results[0]?.value as NodeJS.Timeout).hasRef()).toBe(expected);
  });
});

describe('turns of the event loop', () => {
  it('never run a task before its delay has passed on the same clock', async () => {
    const scheduler = systemScheduler({ keepAlive: true });
    for (const delayMs of [0.2, 1, 1.5, 3.7]) {
      const due = scheduler.now() + delayMs;
      const ranAt = await new Promise<number>((resolve) => {
        scheduler.after(delayMs, () => resolve(scheduler.now()));
      });
      expect(ranAt).toBeGreaterThanOrEqual(due);
    }
  });

  it('let microtasks go first, and come in the order in which they were asked for', async () => {
    const scheduler = systemScheduler();
    const order: string[] = [];
    scheduler.soon(() => order.push('soon'));
    const yielded = scheduler.yield().then(() => order.push('yield'));
    await Promise.resolve();
    order.push('microtask');
    await yielded;
    expect(order).toEqual(['microtask', 'soon', 'yield']);
  });
});

describe('holding the process', () => {
  it('takes one handle of the event loop and gives it back', () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const hold = holdProcess();
    expect(timers()).toBe(before + 1);
    hold.cancel();
    hold.cancel();
    expect(timers()).toBe(before);
  });
});
