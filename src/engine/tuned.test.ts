import { beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { ConnectorError, OverloadError, RefusedEventsError } from '../errors/errors.ts';
import { failed } from './tuned-call.ts';
import { range, tunedTrial } from './tuned-fixtures.ts';
import type { Tuned, TunedOptions } from './tuned-options.ts';
import { tuned } from './tuned.ts';

let { host, calls, wrapped, outcomes, wait } = tunedTrial();

beforeEach(() => {
  ({ host, calls, wrapped, outcomes, wait } = tunedTrial());
});

describe('tuned', () => {
  it('gathers the calls of one turn, and what comes while a call is in flight', async () => {
    const double = wrapped((items) => items.map((n) => n * 2), { maxConcurrency: 1 });
    const first = range(5).map((n) => double(n));
    await host.scheduler.advance(5);
    const second = [5, 6].map((n) => double(n));
    await host.scheduler.advance(1);
    const third = double(7);
    expect(await outcomes([...first, ...second, third])).toEqual(range(8).map((n) => n * 2));
    expect(calls).toEqual([range(5), [5, 6, 7]]);
  });

  it('waits for no company', async () => {
    const one = wrapped(() => undefined);
    void one(1);
    await host.scheduler.advance(0);
    expect(calls).toEqual([[1]]);
  });

  it('never exceeds what the target takes', async () => {
    const many = wrapped(() => undefined, { maxBatch: 3, maxConcurrency: 2 });
    const all = range(12).map((n) => many(n));
    await host.scheduler.advance(5);
    expect(many.metrics().inFlight).toBeLessThanOrEqual(2);
    await outcomes(all);
    expect(calls.every((call) => call.length <= 3)).toBe(true);
    expect(() => many.pin('batchLimit', 4)).toThrow('expected at most 3, the limit of sink');
  });

  it('gives results per item, and errors per item', async () => {
    const mixed = wrapped((items) =>
      items.map((n) => (n === 1 ? new Error('one') : n === 2 ? failed('two is no number') : n)),
    );
    const settled = await Promise.race([
      Promise.allSettled(range(4).map((n) => mixed(n))),
      host.scheduler.advance(1000).then(() => wait(1)),
    ]);
    expect(settled).toMatchObject([
      { value: 0 },
      { reason: { message: 'one' } },
      { reason: 'two is no number' },
      { value: 3 },
    ]);
    expect(mixed.metrics()).toMatchObject({ done: 2, failed: 2, pending: 0 });
  });

  it('resolves to nothing where the function gives nothing', async () => {
    expect(await outcomes([wrapped(() => undefined)(1)])).toEqual([undefined]);
  });

  it('takes a wrong number of results for a failure of the call', async () => {
    const wrong = wrapped((items) => items.slice(1), { isolate: false });
    expect(await outcomes([wrong(1), wrong(2)])).toEqual(
      Array(2).fill('a tuned function must give nothing, or one result per item: 1 results for 2 items'),
    );
  });
});

describe('a call that fails', () => {
  const poison = (bad: readonly number[]) => (items: readonly number[]) => {
    if (items.some((n) => bad.includes(n))) throw new Error('bad row');
    return items;
  };

  it.each([[[77]], [[0]], [[127]], [[3, 64, 65, 120]]])('fails only the items at fault: %j of 128', async (bad) => {
    const some = wrapped(poison(bad));
    const results = await outcomes(range(128).map((n) => some(n)));
    expect(results).toEqual(range(128).map((n) => (bad.includes(n) ? 'bad row' : n)));
    for (const n of bad) {
      const repeats = calls.filter((items) => items.includes(n)).length - 1;
      expect(repeats).toBeLessThanOrEqual(Math.ceil(Math.log2(128)) + 1);
    }
  });

  it('is given up soon where nothing succeeds at all', async () => {
    const none = wrapped(() => {
      throw new Error('no such table');
    });
    expect(await outcomes(range(1000).map((n) => none(n)))).toEqual(Array(1000).fill('no such table'));
    expect(calls.length).toBeLessThan(30);
  });

  it('is not repeated with isolate: false', async () => {
    const some = wrapped(poison([1]), { isolate: false });
    expect(await outcomes(range(3).map((n) => some(n)))).toEqual(Array(3).fill('bad row'));
    expect(calls).toHaveLength(1);
  });

  it.each([
    ['a retryable error', new ConnectorError('db', 'busy', { retryable: true })],
    ['a status of 429', Object.assign(new Error('too many'), { response: { status: 429 } })],
  ])('is repeated as it is after %s', async (_, error) => {
    let failures = 3;
    const flaky = wrapped((items) => {
      if (failures-- > 0) throw error;
      return items;
    });
    expect(await outcomes(range(3).map((n) => flaky(n)))).toEqual([0, 1, 2]);
    expect(calls).toEqual(Array(4).fill(range(3)));
  });

  it('goes on isolating after a retryable error, with what is open', async () => {
    let isBusy = true;
    const some = wrapped((items) => {
      if (items.includes(7)) throw new Error('bad row');
      if (items.length === 2 && isBusy) {
        isBusy = false;
        throw new ConnectorError('db', 'busy', { retryable: true });
      }
      return items;
    });
    expect(await outcomes(range(8).map((n) => some(n)))).toEqual([...range(7), 'bad row']);
  });

  it('may name the items that were refused', async () => {
    const some = wrapped(() => {
      throw new RefusedEventsError('db', new Map([[1, new Error('too long')]]));
    });
    expect(await outcomes(range(3).map((n) => some(n)))).toEqual([undefined, 'too long', undefined]);
    expect(calls).toHaveLength(1);
  });

  it('tells the solver nothing by its duration', async () => {
    const some = wrapped(poison([1]));
    await outcomes(
      range(3).map((n) => some(n)),
      300,
    );
    expect(some.metrics()).toMatchObject({ done: 2, failed: 1 });
    expect(some.metrics().p95Ms).toBeNull();
  });
});

describe('back-pressure and the end', () => {
  it('ready waits while enough is queued', async () => {
    const slow = wrapped(() => undefined, { maxConcurrency: 1, maxBatch: 1 });
    let taken = 0;
    void (async () => {
      for (;;) {
        await slow.ready();
        void slow(taken++);
      }
    })();
    await host.scheduler.advance(5);
    const before = taken;
    expect(before).toBeLessThan(3000);
    expect(slow.metrics().pending).toBe(before);
    await host.scheduler.advance(50_000);
    expect(taken).toBeGreaterThan(before);
    expect(slow.metrics().pending).toBeLessThanOrEqual(before);
  });

  it('refuses what is more than may be pending', async () => {
    const few = wrapped(() => undefined, { maxPending: 2 });
    const results = Promise.allSettled([few(1), few(2), few(3)]);
    await host.scheduler.advance(100);
    const [, , third] = await results;
    expect(third).toMatchObject({ status: 'rejected', reason: { code: 'DAO_OVERLOAD' } });
    const { reason } = third as { reason: unknown };
    expect(reason).toBeInstanceOf(OverloadError);
    expect(String(reason)).toContain('await ready()');
  });

  it('drains, and closes: what was taken gets its result, nothing more is taken', async () => {
    const some = wrapped((items) => items);
    const all = range(3).map((n) => some(n));
    let isDrained = false;
    void some.drain().then(() => (isDrained = true));
    const closed = some.close();
    await expect(some(4)).rejects.toThrow('is closed');
    await host.scheduler.advance(9);
    expect(isDrained).toBe(false);
    expect(await outcomes(all)).toEqual([0, 1, 2]);
    expect(isDrained).toBe(true);
    await closed;
  });

  it('an abort of the whole fails what has no result yet, and the signal of its calls', async () => {
    const controller = new AbortController();
    const some = wrapped((items) => items, {
      maxBatch: 1,
      maxConcurrency: 1,
      signal: controller.signal,
      name: 'orders',
    });
    const all = range(3).map((n) => some(n));
    await host.scheduler.advance(15);
    controller.abort();
    expect(await outcomes(all)).toEqual([0, 'orders was stopped', 'orders was stopped']);
    expect(calls).toEqual([[0], [1]]);
  });

  it('an abort of one call withdraws its item', async () => {
    const controller = new AbortController();
    const some = wrapped((items) => items, { maxConcurrency: 1 });
    const all = [some(0)];
    await host.scheduler.advance(1);
    all.push(some(1, { signal: controller.signal }), some(2));
    await host.scheduler.advance(1);
    controller.abort(new Error('never mind'));
    expect(await outcomes(all)).toEqual([0, 'never mind', 2]);
    expect(calls).toEqual([[0], [2]]);
  });
});

describe('a declaration', () => {
  it.each<[TunedOptions, string]>([
    [{ maxBatch: 0 }, 'tuned.maxBatch: expected a whole number, at least 1'],
    [{ maxPending: 1.5 }, 'tuned.maxPending'],
    [{ name: 'a b' }, 'tuned.name'],
    [{ goal: 'cheap' as never }, 'tuned.goal'],
    [{ signal: {} as never }, 'tuned.signal'],
    [{ learned: { read: () => Promise.resolve(undefined) } as never }, 'tuned.learned'],
    [{ targets: { latency: { p95: 'soon' } } }, 'tuned.targets.latency.p95'],
  ])('refuses wrong options at once: %j', (options, message) => {
    expect(() => wrapped(() => undefined, options)).toThrow(message);
    expect(() => tuned('fn' as never)).toThrow('tuned: expected a function');
  });

  it('knows the types of items and results', () => {
    const lengths = (): Tuned<string, number> =>
      tuned((items: readonly string[]) => items.map((item) => (item === '' ? failed('empty') : item.length)));
    const nothing = (): Tuned<string, void> =>
      tuned(async (items: readonly string[]) => {
        await wait(items.length);
      });
    expectTypeOf(lengths).returns.parameter(0).toEqualTypeOf<string>();
    expectTypeOf(nothing).returns.returns.resolves.toEqualTypeOf<void>();
  });
});
