import { beforeEach, describe, expect, it } from 'vitest';
import type { Controller } from '../tuning/controller.ts';
import { range, still, tunedTrial } from './tuned-fixtures.ts';

let { host, calls, wrapped, outcomes } = tunedTrial();

beforeEach(() => {
  ({ host, calls, wrapped, outcomes } = tunedTrial());
});

describe('warm start', () => {
  it('begins where it was closed, under its name', async () => {
    let text: string | undefined;
    const learned = {
      read: () => Promise.resolve(text),
      write: (next: string) => {
        text = next;
        return Promise.resolve();
      },
    };
    const mover: Controller<undefined> = {
      ...still,
      step: (state, { stage, at }, { concurrency }) => {
        const changes = [{ knob: 'concurrency', from: concurrency, to: 7 }] as const;
        return { state, decisions: [{ kind: 'move', stage, at, changes, reason: 'it moves', evidence: {} }] };
      },
    };
    const first = wrapped((items) => items, { name: 'insert', learned }, mover);
    await outcomes(
      range(3).map((n) => first(n)),
      300,
    );
    const closed = first.close();
    await host.scheduler.advance(10);
    await closed;
    expect(JSON.parse(text ?? '')).toMatchObject({ flow: 'insert', stages: { insert: { concurrency: 7 } } });
    const second = wrapped((items) => items, { name: 'insert', learned }, still);
    await host.scheduler.advance(10);
    expect(second.metrics().settings.concurrency).toBe(7);
    const other = wrapped((items) => items, { name: 'another', learned }, still);
    const notices: string[] = [];
    other.on('notice', ({ message }) => notices.push(message));
    await host.scheduler.advance(10);
    expect(other.metrics().settings.concurrency).toBe(1);
    expect(notices).toEqual(['what earlier runs learned cannot be used, starting cold: it is of another flow, insert']);
  });

  it('works before what was learned has been read, and keeps it also when it is stopped', async () => {
    let reads: (text: string | undefined) => void = () => undefined;
    const written: string[] = [];
    const learned = {
      read: () => new Promise<string | undefined>((resolve) => (reads = resolve)),
      write: (next: string) => Promise.resolve(void written.push(next)),
    };
    const controller = new AbortController();
    const some = wrapped((items) => items, { learned, signal: controller.signal }, still);
    expect(await outcomes([some(1)], 100)).toEqual([1]);
    reads(undefined);
    await host.scheduler.advance(300);
    expect(await outcomes([some(2)], 100)).toEqual([2]);
    controller.abort();
    await host.scheduler.advance(10);
    expect(written).toHaveLength(1);
  });
});

describe('steering and explaining', () => {
  it('pins, explains, and tells', async () => {
    const some = wrapped((items) => items, { name: 'insert' }, still);
    const said: string[] = [];
    some.on('decision', ({ sentence }) => said.push(sentence));
    some.pin('batchLimit', 2);
    expect(await outcomes(range(4).map((n) => some(n)))).toEqual(range(4));
    expect(calls).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(said).toEqual(['insert: batch 1,024 -> 2: you pinned batchLimit']);
    expect(some.decisions()).toHaveLength(1);
    expect(some.pins()).toMatchObject([{ path: 'batchLimit', bound: { min: 2, max: 2 }, by: 'run' }]);
    expect(some.unpin('batchLimit')).toBe(true);
    expect(some.pins()).toEqual([]);
  });

  it('leaves a pinned knob alone whatever else it tunes', async () => {
    const some = wrapped((items) => items, { maxConcurrency: 8 });
    some.pin('batchLimit', 2);
    for (let i = 0; i < 300; i += 1) {
      for (const n of range(8)) void some(n);
      await host.scheduler.advance(20);
    }
    const pinned = some.decisions().filter(({ changes }) => changes.some(({ knob }) => knob === 'batchLimit'));
    expect(pinned.map(({ kind }) => kind)).toEqual(['pin']);
    expect(some.decisions().length).toBeGreaterThan(1); // there was something to tune
    expect(Math.max(...calls.map(({ length }) => length))).toBe(2);
  });

  it('tunes itself: a saturated function gets more calls in flight', async () => {
    const slow = wrapped(() => undefined, { targets: { latency: { p95: '200ms' } }, maxBatch: 10 });
    void (async () => {
      for (let i = 0; ; i += 1) {
        await slow.ready();
        for (let each = 0; each < 100; each += 1) void slow(i);
      }
    })();
    await host.scheduler.advance(3000);
    expect(slow.metrics().settings.concurrency).toBeGreaterThan(4);
    expect(slow.decisions({ kind: 'move' }).length).toBeGreaterThan(0);
    expect(slow.metrics().perSecond).toBeGreaterThan(3000);
  });
});
