import { describe, expect, it } from 'vitest';
import { fakeContext, FakeOutput, runSource } from '../../../test/contract/source-harness.ts';
import { ConfigError } from '../../errors/errors.ts';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import { fromBatches, iterable } from './iterable.ts';

describe('iterable', () => {
  it('hands an item over before it waits for the next one', async () => {
    const scheduler = new VirtualScheduler();
    const output = new FakeOutput();
    const items = async function* (): AsyncGenerator<number> {
      yield 1;
      yield 2;
      await new Promise<void>((resolve) => scheduler.after(1000, resolve));
      yield 3;
    };
    const run = runSource(iterable(items), output, fakeContext(scheduler));
    await scheduler.advance(1);
    expect(output.batches.map(({ events }) => events)).toEqual([[1, 2]]);
    await scheduler.advance(2000);
    await run;
    expect(output.events).toEqual([1, 2, 3]);
  });

  it('gathers items that are ready into full batches', async () => {
    const output = new FakeOutput();
    const items = async function* (): AsyncGenerator<number> {
      for (let i = 0; i < 2000; i += 1) yield await Promise.resolve(i);
    };
    await runSource(iterable(items), output, fakeContext());
    expect(output.batches.length).toBeLessThan(40);
  });

  it('passes on what the iterator throws, after what came before', async () => {
    const output = new FakeOutput();
    const items = async function* (): AsyncGenerator<number> {
      yield await Promise.resolve(1);
      throw new Error('the queue is gone');
    };
    await expect(runSource(iterable(items), output, fakeContext())).rejects.toThrow('the queue is gone');
    expect(output.events).toEqual([1]);
  });

  it('ends on abort although the next item never comes, and lets the iterator clean up', async () => {
    const output = new FakeOutput();
    const context = fakeContext();
    let hasReturned = false;
    const items: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: () => {
          hasReturned = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const run = runSource(iterable(items), output, context);
    context.abort();
    await run;
    expect(hasReturned).toBe(true);
  });

  it('gives up its turn by time', async () => {
    const context = fakeContext();
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const items = function* (): Generator<number> {
      const end = performance.now() + 10_000; // of which nothing is needed but where nobody else may run
      for (let i = 0; turns <= 3 && performance.now() < end; i += 1) yield i;
    };
    await runSource(iterable(items), new FakeOutput(), context);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });

  it('never hands over the array of the user', async () => {
    const output = new FakeOutput();
    const mine = [1, 2, 3];
    await runSource(iterable(mine), output, fakeContext());
    expect(output.batches[0]?.events).not.toBe(mine);
  });

  it('refuses what cannot be iterated', () => {
    expect(() => iterable(5 as unknown as number[])).toThrow(ConfigError);
    expect(() => fromBatches(undefined as unknown as number[][])).toThrow(ConfigError);
  });
});
