/** Reads the machine that the tests run on: plausible anywhere, whatever the operating system tells. */

import { setTimeout as wait } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { loopUtilizationReader } from './event-loop.ts';
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

  it('tells a busy event loop from an idle one', async () => {
    const read = loopUtilizationReader();
    const isTold = async (): Promise<boolean> => {
      await wait(50);
      const idle = read();
      await busy(50);
      return (read() ?? 0) > (idle ?? Infinity);
    };
    // Again where other work on the machine held up the idle one.
    await expect.poll(isTold, { timeout: 15_000 }).toBe(true);
  });
});

/** Keeps the thread busy in one turn. */
async function busy(ms: number): Promise<void> {
  const until = Date.now() + ms;
  while (Date.now() < until);
  await wait(5);
}
