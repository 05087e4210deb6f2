/** Reads the machine that the tests run on: plausible anywhere, whatever the operating system tells. */

import { setTimeout as wait } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { eventLoopMeter } from './event-loop.ts';
import { hostFacts } from './facts.ts';
import { gcObserver, MAX_PAUSES } from './gc.ts';
import { systemResources } from './resources.ts';

describe('this machine', () => {
  it('reports plausible resources, or null', async () => {
    const reader = systemResources();
    await busy(150);
    const sample = reader.read();
    for (const [name, ratio] of Object.entries(sample).filter(([name]) => name.endsWith('Ratio'))) {
      if (ratio !== null) expect(ratio, name).toBeGreaterThanOrEqual(0);
      if (ratio !== null) expect(ratio, name).toBeLessThanOrEqual(1);
    }
    // Every system that Node runs on tells these.
    expect(sample.cpuRatio).toBeGreaterThan(0);
    expect(sample.memoryRatio).toBeGreaterThan(0);
    expect(sample.memoryBytes).toBeGreaterThan(1e6);
    expect(sample.memoryLimitBytes).toBeGreaterThan(1e6);
    expect(sample.cpuLimitCores).toBeGreaterThan(0);
  });

  it('has facts that do not name it', () => {
    const facts = hostFacts();
    expect(facts.node).toMatch(/^\d+\.\d+\.\d+/);
    expect(facts.cpus).toBeGreaterThanOrEqual(1);
    expect(facts.allowed.cpuCores).toBeLessThanOrEqual(facts.cpus);
    expect(facts.allowed.memoryBytes).toBeLessThanOrEqual(facts.memoryBytes);
    expect(Object.keys(facts).sort()).toEqual([
      ...['allowed', 'arch', 'availableParallelism', 'container', 'cpuModel', 'cpus', 'heapLimitBytes'],
      ...['memoryBytes', 'node', 'platform', 'release', 'v8'],
    ]);
    expect(structuredClone(facts)).toEqual(facts);
  });

  it('tells a busy event loop from an idle one', async () => {
    const meter = eventLoopMeter();
    try {
      await wait(60);
      meter.read();
      await wait(100);
      const idle = meter.read();
      await busy(100);
      const loaded = meter.read();
      expect(loaded.utilization).toBeGreaterThan(idle.utilization ?? Infinity);
      // A turn of 100 ms delays a probe by at least 80 ms (it is due every 20 ms).
      expect(loaded.delayMaxMs).toBeGreaterThan(70);
      expect(loaded.delayMaxMs).toBeGreaterThanOrEqual(loaded.delayMeanMs ?? Infinity);
    } finally {
      meter.stop();
    }
  });

  it('knows nothing about the loop before a probe has fired', () => {
    const meter = eventLoopMeter();
    expect(meter.read()).toMatchObject({ delayMeanMs: null, delayMaxMs: null });
    meter.stop();
    meter.stop();
  });

  it('counts collections of garbage and keeps the newest pauses', async () => {
    const observer = gcObserver();
    expect(observer.read()).toEqual({ count: 0, pauseMs: 0, longestMs: 0, last: [] });
    const deadline = Date.now() + 10_000;
    while (observer.read().count <= MAX_PAUSES && Date.now() < deadline) {
      allocate();
      await wait(1);
    }
    observer.stop();
    const { count, pauseMs, longestMs, last } = observer.read();
    expect(count).toBeGreaterThan(MAX_PAUSES);
    expect(last).toHaveLength(MAX_PAUSES);
    expect(last.map(({ at }) => at)).toEqual(last.map(({ at }) => at).sort((a, b) => a - b));
    expect(pauseMs).toBeGreaterThanOrEqual(longestMs);
    expect(longestMs).toBeGreaterThanOrEqual(Math.max(...last.map(({ durationMs }) => durationMs)));
  });
});

/** Keeps the thread busy in one turn, and lets the pending probe run after it. */
async function busy(ms: number): Promise<void> {
  const until = Date.now() + ms;
  while (Date.now() < until);
  await wait(5);
}

function allocate(): void {
  for (let i = 0; i < 20_000; i += 1) kept[i % kept.length] = new Array<number>(64).fill(i);
}

const kept: number[][] = new Array<number[]>(1000).fill([]);
