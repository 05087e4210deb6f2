import { beforeEach, describe, expect, it } from 'vitest';
import { generate } from '../../connector/generate/generate.ts';
import type { KnobBounds } from '../../control/goal.ts';
import type { Run } from '../../flow/run.ts';
import { virtualFlow, virtualHost, type VirtualHost } from '../../testing/virtual-host.ts';
import type { Controller } from '../../tuning/controller.ts';

let host: VirtualHost;

beforeEach(() => {
  host = virtualHost();
});

/** By its model 11 calls do most, each 100 events a second. */
const eleven: Controller<number> = {
  name: 'eleven',
  knobs: ['batchLimit', 'concurrency'],
  initial: () => 0,
  step: (state) => ({ state, decisions: [] }),
  outlook: (_, { bounds }) => {
    const concurrency = Math.min(11, bounds.concurrency.max);
    return { throughput: concurrency * 100, batchLimit: Math.min(64, bounds.batchLimit.max), concurrency };
  },
};

function started(options: { batch?: number; concurrency?: number } = {}, controller?: Controller<never>): Run {
  return virtualFlow('f', host, controller === undefined ? {} : { controller })
    .from(generate({ rate: 20_000, make: (i) => i }))
    .to(
      async (events) => {
        await new Promise<void>((resolve) => void host.scheduler.after(5 + 0.02 * events.length, resolve));
      },
      { name: 'sink', ...options },
    )
    .run({ seed: 1 });
}

describe('pins', () => {
  it('tell what each costs: what could be done, and with which value', async () => {
    const run = started({}, eleven as Controller<never>);
    run.pin('sink.concurrency', 4);
    run.bound('sink.batchLimit', { max: 100 });
    await host.scheduler.advance(300);
    expect(run.pins()).toEqual([
      {
        path: 'sink.concurrency',
        bound: { min: 4, max: 4 },
        by: 'run',
        cost: {
          throughput: 400,
          freeThroughput: 1100,
          freeValue: 11,
          sentence: 'concurrency pinned at 4: -64 % against 11',
        },
      },
      {
        path: 'sink.batchLimit',
        bound: { min: 0, max: 100 },
        by: 'run',
        cost: {
          throughput: 400,
          freeThroughput: 400,
          freeValue: 64,
          sentence: 'batchLimit bound to at most 100: costs nothing',
        },
      },
    ]);
    await run.stop();
  });

  it('count as given what else is held, and not that everything is frozen', async () => {
    const seen: KnobBounds[] = [];
    const watching: Controller<number> = {
      ...eleven,
      outlook: (_, { bounds }) => {
        seen.push(bounds);
        return undefined;
      },
    };
    const run = started({ concurrency: 4 }, watching as Controller<never>);
    run.pin('sink.batchLimit', 50);
    run.freeze();
    await host.scheduler.advance(300);
    expect(run.pins().map(({ path, by, cost }) => [path, by, cost])).toEqual([
      ['sink.concurrency', 'declaration', undefined],
      ['sink.batchLimit', 'run', undefined],
    ]);
    const [held, withoutCalls, , withoutBatch] = seen.map(({ concurrency, burstConcurrency, batchLimit }) => [
      concurrency.max,
      burstConcurrency.max,
      batchLimit.max,
    ]);
    expect(held).toEqual([4, 4, 50]);
    expect(withoutCalls).toEqual([512, 512, 50]);
    expect(withoutBatch).toEqual([4, 4, 20_000]);
    await run.stop();
  });

  it('say nothing of the cost before anything was measured, and of knobs that are not predicted', async () => {
    const run = started({}, eleven as Controller<never>);
    run.pin('sink.concurrency', 4);
    expect(run.pins()).toMatchObject([{ cost: undefined }]);
    run.pin('sink.lingerMs', 4);
    await host.scheduler.advance(300);
    expect(run.pins()[1]).toMatchObject({ path: 'sink.lingerMs', cost: undefined });
    await run.stop();
  });
});
