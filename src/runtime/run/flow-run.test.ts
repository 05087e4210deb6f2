import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { ConnectorError } from '../../errors/errors.ts';
import type { Sink } from '../../event/sink.ts';
import type { EventSource } from '../../event/source.ts';
import type { Run } from '../../flow/run.ts';
import { count, sum } from '../../operator/aggregate/aggregate.ts';
import { tumbling } from '../../operator/window/window-spec.ts';
import { batches, collected, endless, text } from './flow-run-fixtures.ts';
import { virtualFlow, virtualHost } from '../../testing/virtual-host.ts';

async function finish<T>(host: ReturnType<typeof virtualHost>, done: Promise<T>): Promise<T> {
  await host.scheduler.advance(60_000);
  return done;
}

describe.each([true, false])('a run of a flow (generated code: %s)', (generateCode) => {
  const fresh = () => virtualHost({ generateCode });

  it('takes every event from the source through the operators to the sink, in order, and closes it', async () => {
    const host = fresh();
    const out = collected<number>();
    const run = virtualFlow('f', host)
      .from(batches([1, 2, 3], [4, 5, 6]))
      .filter((n) => n % 2 === 0)
      .map((n) => n * 10)
      .to(out.sink)
      .run();
    const summary = await finish(host, run.done);
    expect(out.events).toEqual([20, 40, 60]);
    expect(out.closed()).toBe(true);
    expect(summary).toMatchObject({ state: 'done', accepted: 6, confirmed: 6, deadLettered: 0 });
    expect(run.state).toBe('done');
  });

  it('forks, branches and merges', async () => {
    const host = fresh();
    const [all, big, rest] = [collected<number>(), collected<number>(), collected<number>()];
    const flow = virtualFlow('f', host);
    const numbers = flow.from(batches([1, 20])).merge(flow.from(batches([3, 40])));
    const branches = numbers.branch({ big: (n) => n > 10 });
    numbers.to(all.sink);
    branches.big.to(big.sink);
    const run = branches.rest.to(rest.sink).run();
    await finish(host, run.done);
    expect(all.events.sort((a, b) => a - b)).toEqual([1, 3, 20, 40]);
    expect(big.events.sort((a, b) => a - b)).toEqual([20, 40]);
    expect(rest.events.sort((a, b) => a - b)).toEqual([1, 3]);
  });

  it('maps asynchronously in order, per event and per batch, and limits the rate', async () => {
    const host = fresh();
    const out = collected<number>();
    const wait = (ms: number) => new Promise<void>((resolve) => void host.scheduler.after(ms, resolve));
    const run = virtualFlow('f', host)
      .from(batches([5, 1, 3], [4, 2]))
      .mapAsync(async (n) => (await wait(n), n), { concurrency: 3 })
      .mapBatch(async (ns) => (await wait(1), ns.flatMap((n) => [n, -n])))
      .rateLimit(1000)
      .to(out.sink)
      .run();
    const summary = await finish(host, run.done);
    expect(out.events).toEqual([5, -5, 1, -1, 3, -3, 4, -4, 2, -2]);
    expect(summary.confirmed).toBe(5);
    expect(summary.metrics.response_time.avg).toBeGreaterThan(5);
  });

  it('aggregates keyed windows by event time, and sends late events to their side output', async () => {
    const host = fresh();
    interface Sale {
      at: number;
      shop: string;
      price: number;
    }
    const sale = (at: number, shop: string, price: number): Sale => ({ at, shop, price });
    const [out, late] = [collected<object>(), collected<Sale>()];
    const run = virtualFlow('f', host)
      .from(batches([sale(1, 'a', 10), sale(5, 'b', 1), sale(12, 'a', 5)], [sale(3, 'a', 7), sale(25, 'b', 2)]))
      .eventTime((s) => s.at)
      .keyBy('shop')
      .window(tumbling(10), { late: (stream) => stream.to(late.sink, { name: 'late' }) })
      .aggregate({ n: count(), total: sum((s) => s.price) })
      .to(out.sink)
      .run();
    const summary = await finish(host, run.done);
    expect(out.events).toEqual([
      { key: 'a', start: 0, end: 10, revision: 0, n: 1, total: 10 },
      { key: 'b', start: 0, end: 10, revision: 0, n: 1, total: 1 },
      { key: 'a', start: 10, end: 20, revision: 0, n: 1, total: 5 },
      { key: 'b', start: 20, end: 30, revision: 0, n: 1, total: 2 },
    ]);
    expect(late.events).toEqual([sale(3, 'a', 7)]);
    expect(summary.late).toBe(1);
  });

  it('infers types from schema to sink', () => {
    const flow = virtualFlow('f', fresh());
    const sales = flow.from(text(), { schema: z.object({ shop: z.string(), price: z.number() }) }).keyBy((s) => s.shop);
    const totals = sales.window(tumbling('1m')).aggregate({ total: sum((s) => s.price) });
    totals.map((t) => {
      expectTypeOf(t).toExtend<{ key: string; start: number; end: number; total: number }>();
      return t;
    });
    const numbers = collected<number>();
    // @ts-expect-error -- a sink of numbers does not take windows
    totals.to(numbers.sink);
    expectTypeOf(
      flow
        .from(batches([1]))
        .map((n) => `${n}`)
        .filter((s) => s.length > 1),
    ).toExtend<{ filter: unknown }>();
  });

  it('sends what cannot be decoded or validated to the dead letters, with its raw bytes, and goes on', async () => {
    const host = fresh();
    const out = collected<{ n: number }>();
    const letters = collected<{ at: string; reason: string; raw?: Uint8Array | undefined; offset: number }>();
    const flow = virtualFlow('f', host).deadLetters(letters.sink);
    const run = flow
      .from(text('{"n":1}\n{"n":', 'oops}\n{"n":"2"}\n{"n":3}\n'), { schema: z.object({ n: z.number() }) })
      .to(out.sink)
      .run();
    const summary = await finish(host, run.done);
    expect(out.events).toEqual([{ n: 1 }, { n: 3 }]);
    expect(letters.events.map(({ at, raw }) => [at, new TextDecoder().decode(raw)])).toEqual([
      ['decode', '{"n":oops}'],
      ['schema', '{"n":"2"}'],
    ]);
    expect(letters.events[1]?.reason).toMatch(/^n: .*number/);
    expect(summary).toMatchObject({ accepted: 4, confirmed: 4, deadLettered: 2 });
    expect(run.deadLetters()).toHaveLength(2);
  });

  it('attributes a throwing operator to its event, and the others go on', async () => {
    const host = fresh();
    const out = collected<number>();
    const run = virtualFlow('shop', host)
      .from(batches([1, 2, 3]))
      .map(
        (n) => {
          if (n === 2) throw new Error('two');
          return n;
        },
        { name: 'picky' },
      )
      .mapAsync((n) => (n === 3 ? Promise.reject(new Error('three')) : Promise.resolve(n)), { name: 'slow' })
      .to(out.sink)
      .run();
    const summary = await finish(host, run.done);
    expect(out.events).toEqual([1]);
    expect(run.deadLetters().map(({ at, event, reason }) => [at, event, reason])).toEqual([
      ['picky', 2, 'OperatorError: operator picky of flow shop threw: two'],
      ['slow', 3, 'OperatorError: operator slow of flow shop threw: three'],
    ]);
    expect(summary).toMatchObject({ confirmed: 3, deadLettered: 2 });
    expect(run.snapshot().operators[0]).toMatchObject({ name: 'picky', in: 3, out: 2, failed: 1 });
  });

  it('drains on demand: intake stops, windows close, sinks get the rest', async () => {
    const host = fresh();
    const acks: number[] = [];
    const out = collected<{ n: number }>();
    const run = virtualFlow('f', host)
      .from(endless((offset) => acks.push(offset)))
      .aggregate({ n: count() })
      .to(out.sink)
      .run();
    await host.scheduler.advance(95);
    expect(run.state).toBe('running');
    const drained = run.drain();
    expect(run.state).toBe('draining');
    expect(await finish(host, drained)).toMatchObject({ state: 'done', accepted: 10 });
    expect(out.events).toMatchObject([{ n: 10 }]);
    expect(acks.at(-1)).toBe(10);
  });

  it('fails when a drain takes longer than allowed', async () => {
    const host = fresh();
    const never: Sink<number> = { name: 'never', open: () => ({ write: () => new Promise(() => undefined) }) };
    const acks: number[] = [];
    const run = virtualFlow('f', host)
      .from(endless((offset) => acks.push(offset)))
      .to(never)
      .run();
    await host.scheduler.advance(50);
    const drained = run.drain({ timeout: '1s' });
    drained.catch(() => undefined);
    await host.scheduler.advance(2000);
    await expect(drained).rejects.toThrow('the drain of flow f did not end within 1000 ms');
    expect(acks).toEqual([]);
  });

  it('stops at once when told to, acknowledging nothing that was not confirmed', async () => {
    const host = fresh();
    const run = virtualFlow('f', host)
      .from(endless())
      .to(() => new Promise(() => undefined))
      .run();
    await host.scheduler.advance(50);
    expect(await finish(host, run.stop())).toMatchObject({ state: 'stopped', confirmed: 0 });
  });

  it('processes what was read before a source failed, then fails with its error', async () => {
    const host = fresh();
    const out = collected<number>();
    const broken: EventSource<number> = {
      kind: 'events',
      name: 'broken',
      run: async (output) => {
        await output.write({ events: [1, 2], bytes: 0 });
        throw new ConnectorError('broken', 'the file ends in the middle');
      },
    };
    const run = virtualFlow('f', host).from(broken).to(out.sink).run();
    run.done.catch(() => undefined);
    await host.scheduler.advance(1000);
    await expect(run.done).rejects.toThrow('broken: the file ends in the middle');
    expect(out.events).toEqual([1, 2]);
    expect(out.closed()).toBe(true);
    expect(run.state).toBe('failed');
  });

  it('holds the source back while a sink is slow, within the bound of the edge', async () => {
    const host = virtualHost({ generateCode, edgeEvents: 100 });
    const many = Array.from({ length: 100 }, (_, i) => Array.from({ length: 10 }, (_, j) => i * 10 + j));
    let most = 0;
    const slow: Sink<number> = {
      name: 'slow',
      limits: { maxBatch: 10, maxConcurrency: 1 },
      open: () => ({ write: () => new Promise<void>((resolve) => void host.scheduler.after(5, resolve)) }),
    };
    const run: Run = virtualFlow('f', host)
      .from(batches(...many))
      .tap(() => (most = Math.max(most, run.snapshot().stages[0]?.backlogEvents ?? 0)))
      .to(slow)
      .run();
    expect(await finish(host, run.done)).toMatchObject({ confirmed: 1000 });
    expect(most).toBeLessThanOrEqual(100);
    expect(most).toBeGreaterThan(50);
  });

  it('refuses a wrong declaration at once, with path, expected and received', () => {
    const host = fresh();
    const flow = () => virtualFlow('f', host);
    expect(() => virtualFlow('a b', host)).toThrow('flow.name: expected letters');
    expect(() => flow().from({} as never)).toThrow(
      /^flow\.f\.from: expected a source such as .*, received an empty object/,
    );
    expect(() =>
      flow()
        .from(batches([1]))
        .map('x' as never),
    ).toThrow('flow.f.map: expected a function, received "x"');
    expect(() =>
      flow()
        .from(batches([1]))
        .to(5 as never),
    ).toThrow('flow.f.to: expected a sink');
    expect(() =>
      flow()
        .from(batches([1]))
        .to(() => undefined, { concurrency: 0 }),
    ).toThrow('flow.f.callback.concurrency: expected a whole number');
    expect(() => flow().from(batches([1]), { schema: {} as never })).toThrow(
      'flow.f.from.schema: expected a Standard Schema',
    );
    expect(() => virtualFlow('f', host, { targets: { cpu: 70 } })).toThrow('flow.f.targets.cpu: expected a ratio');
    const open = flow();
    open.from(batches([1])).map((n) => n);
    expect(() => open.run()).toThrow('flow.f.map: expected a sink at the end');
    expect(() => flow().run()).toThrow('flow.f: expected a source');
  });
});
