import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { eventLoopMeter } from './event-loop.ts';

describe('the delay of the event loop', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('is zero when each probe is on time', () => {
    const meter = eventLoopMeter();
    vi.advanceTimersByTime(100);
    expect(meter.read()).toMatchObject({ delayMeanMs: 0, delayMaxMs: 0 });
    meter.stop();
  });

  it('is unknown when no probe fired since the last reading', () => {
    const meter = eventLoopMeter();
    vi.advanceTimersByTime(100);
    meter.read();
    expect(meter.read()).toMatchObject({ delayMeanMs: null, delayMaxMs: null });
    meter.stop();
  });

  it('stops with the meter', () => {
    const meter = eventLoopMeter();
    meter.stop();
    meter.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
