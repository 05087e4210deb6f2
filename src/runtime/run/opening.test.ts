import { expect, describe, it } from 'vitest';
import type { Sink } from '../../event/sink.ts';
import type { EventSource } from '../../event/source.ts';
import type { CheckpointStore } from '../../state/checkpoint.ts';
import { virtualFlow, virtualHost } from '../../testing/virtual-host.ts';
import { batches, collected, endless } from './flow-run-fixtures.ts';

const emptyStore: CheckpointStore = {
  toBeginAnew: 'use another data directory',
  open: () => Promise.resolve(undefined),
  write: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

describe('a run that opens', () => {
  it('fails before anything is read when a sink cannot be opened', async () => {
    const host = virtualHost();
    let wasRead = false;
    const source: EventSource<number> = {
      kind: 'events',
      name: 's',
      run: () => Promise.resolve(void (wasRead = true)),
    };
    const readOnly: Sink<number> = { name: 'disk', open: () => Promise.reject(new Error('read-only file system')) };
    const run = virtualFlow('f', host).from(source).to(readOnly).run();
    run.done.catch(() => undefined);
    await host.scheduler.advance(1);
    await expect(run.done).rejects.toThrow('disk: read-only file system');
    expect(wasRead).toBe(false);
  });

  const noSpace = () => Promise.reject(new Error('no space left'));
  const notOurs = () =>
    Promise.resolve({ flow: 'f', at: 0, sources: new Map([['x', new Map()]]), segments: new Map(), sinks: new Map() });

  it.each([
    ['its spills', { openSpills: noSpace }],
    ['its checkpoints, which do not fit,', { checkpoints: () => ({ ...emptyStore, open: notOurs }) }],
  ])('leaves nothing open when it cannot open %s', async (_what, failing) => {
    const host = virtualHost();
    const out = collected<number>();
    const source = virtualFlow('f', { ...host, ...failing }, { data: 'd' }).from(batches([1]));
    const run = source.to(out.sink, { whenSlow: 'spill' }).run();
    const ended = run.done.catch(String);
    while (run.state !== 'failed') await host.scheduler.advance(1000);
    await host.scheduler.advance(1000);
    expect(await ended).toMatch(/no space left|there is stored state of x/);
    expect(out.closed()).toBe(true);
  });

  it('stops at once when told to before it has opened, and reads nothing', async () => {
    const out = collected<number>();
    const reads: number[] = [];
    const source: EventSource<number> = { ...endless(), run: () => Promise.resolve(void reads.push(1)) };
    const run = virtualFlow('f', virtualHost()).from(source).to(out.sink).run();
    expect(await run.stop()).toMatchObject({ state: 'stopped', accepted: 0 }); // virtual time stands still
    expect(out.closed()).toBe(true);
    expect(reads).toEqual([]);
  });
});
