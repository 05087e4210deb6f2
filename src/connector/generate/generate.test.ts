import { describe, expect, it } from 'vitest';
import { fakeContext, FakeOutput, runSource } from '../../../test/contract/source-harness.ts';
import { ConfigError } from '../../errors/errors.ts';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import { generate, generateBytes } from './generate.ts';

async function finished(run: Promise<void>, scheduler: VirtualScheduler): Promise<void> {
  await scheduler.drain(100_000);
  await run;
}

describe('generate', () => {
  it('gives rate times duration events, each with its intended time', async () => {
    const scheduler = new VirtualScheduler(1_000_000);
    const output = new FakeOutput();
    const source = generate({ rate: 1000, duration: '2s', make: (id, time) => ({ id, time }) });
    await finished(runSource(source, output, fakeContext(scheduler)), scheduler);
    expect(output.events).toHaveLength(2000);
    expect(output.events[1500]).toEqual({ id: 1500, time: 1_001_500 });
  });

  it('keeps the intended times while the flow blocks, and catches up in bounded batches', async () => {
    const scheduler = new VirtualScheduler();
    const output = new FakeOutput();
    const context = fakeContext(scheduler);
    const run = runSource(generate({ rate: 10_000, make: (id) => id }), output, context);
    await scheduler.advance(10);
    output.hold();
    await scheduler.advance(1000);
    const before = output.batches.length;
    output.release();
    await scheduler.advance(5);
    context.abort();
    await finished(run, scheduler);
    const late = output.batches[before];
    expect(late?.events).toHaveLength(1024);
    expect(late?.acceptedAt).toBeLessThan(13);
    expect(output.events.length).toBeGreaterThan(10_100);
    expect(output.events).toEqual(output.events.map((_, i) => i));
  });

  it('ends at the limit', async () => {
    const scheduler = new VirtualScheduler();
    const output = new FakeOutput();
    const source = generate({ rate: () => 5000, limit: 77, make: (id) => id });
    await finished(runSource(source, output, fakeContext(scheduler)), scheduler);
    expect(output.events).toHaveLength(77);
  });

  it('asks for bytes of exactly the events that are due', async () => {
    const scheduler = new VirtualScheduler();
    const output = new FakeOutput();
    const make = (first: number, count: number): Uint8Array =>
      Buffer.from(Array.from({ length: count }, (_, i) => `{"id":${first + i}}\n`).join(''));
    const source = generateBytes({ rate: 3000, duration: 1000, make });
    await finished(runSource(source, output, fakeContext(scheduler)), scheduler);
    expect(output.events).toEqual(Array.from({ length: 3000 }, (_, id) => ({ id })));
  });

  it('refuses rates and bounds that make no sense', () => {
    const make = (i: number): number => i;
    expect(() => generate({ rate: 0, make })).toThrow(ConfigError);
    expect(() => generate({ rate: Number.NaN, make })).toThrow(ConfigError);
    expect(() => generate({ rate: 1, limit: -1, make })).toThrow(ConfigError);
    expect(() => generate({ rate: 1, duration: 'soon', make })).toThrow(ConfigError);
  });
});
