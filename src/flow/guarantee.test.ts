import { describe, expect, it } from 'vitest';
import type { Sink } from '../event/sink.ts';
import type { EventSource } from '../event/source.ts';
import type { TransactionPlace } from '../event/transaction.ts';
import { virtualFlow, virtualHost } from '../testing/virtual-host.ts';
import type { SinkOptions } from './graph.ts';
import { guaranteeOf, type Guarantee } from './guarantee.ts';

type Kind = 'replays' | 'keeps' | 'redelivers' | 'forgets';

function source(kind: Kind): EventSource<number> {
  const run = (): Promise<void> => Promise.resolve();
  const base = { kind: 'events', name: kind, run } as const;
  if (kind === 'replays') return { ...base, replays: true };
  if (kind === 'keeps') return { ...base, replays: 'with data', acknowledged: () => undefined };
  return kind === 'redelivers' ? { ...base, acknowledged: () => undefined } : base;
}

const place = (name: string): TransactionPlace => ({ name, open: () => Promise.reject(new Error('not opened here')) });

function sink(repeats?: 'goes back' | 'by key' | 'in one transaction'): Sink<number> {
  const open = (): { write: () => undefined } => ({ write: () => undefined });
  if (repeats === 'in one transaction') return { name: 'in-one', open, transaction: place('here') };
  return repeats === undefined ? { name: 'plain', open } : { name: repeats.replace(' ', '-'), repeats, open };
}

function guarantee(
  kinds: readonly Kind[],
  sinks: readonly Sink<number>[],
  hasData: boolean,
  options: SinkOptions = {},
): Guarantee {
  const flow = virtualFlow('f', virtualHost());
  const [first, ...others] = kinds.map((kind) => flow.from(source(kind)));
  const all = others.length === 0 || first === undefined ? first : first.merge(...others);
  for (const each of sinks) all?.to(each, options);
  return guaranteeOf(flow.plan(), hasData);
}

describe('the guarantee of a flow', () => {
  it.each([
    ['replays', 'goes back', true, 'exactly-once', 'exactly-once'],
    ['replays', 'in one transaction', true, 'exactly-once', 'exactly-once'],
    ['replays', 'in one transaction', false, 'exactly-once', 'exactly-once'],
    ['keeps', 'in one transaction', true, 'exactly-once', 'exactly-once'],
    ['replays', 'by key', true, 'effectively-once', 'exactly-once'],
    ['replays', undefined, true, 'at-least-once', 'exactly-once'],
    ['replays', 'goes back', false, 'best-effort', 'none'],
    ['keeps', 'by key', true, 'effectively-once', 'exactly-once'],
    ['keeps', 'by key', false, 'best-effort', 'none'],
    ['redelivers', undefined, true, 'at-least-once', 'checkpoint'],
    ['redelivers', 'by key', false, 'effectively-once', 'none'],
    ['redelivers', 'goes back', true, 'at-least-once', 'checkpoint'],
    ['forgets', 'by key', true, 'best-effort', 'checkpoint'],
    ['forgets', 'goes back', false, 'best-effort', 'none'],
  ] as const)(
    'of a source that %s and a sink that takes repeats %s, data %s: %s, state %s',
    (kind, repeats, data, level, state) => {
      expect(guarantee([kind], [sink(repeats)], data)).toMatchObject({ level, state });
    },
  );

  it('is not weakened by a spill, but where only some of its sources replay', () => {
    const spill = { whenSlow: 'spill' } as const;
    const pure = guarantee(['replays'], [sink('goes back')], true, spill);
    expect([pure.level, pure.text]).toEqual([
      'exactly-once',
      expect.stringContaining('goes-back cannot take yet is on disk'),
    ]);
    expect(guarantee(['redelivers'], [sink()], true, spill).level).toBe('at-least-once');
    const mixed = guarantee(['replays', 'redelivers'], [sink('goes back')], true, spill);
    expect(mixed.pairs.map(({ level }) => level)).toEqual(['at-least-once', 'at-least-once']);
  });

  it('is that of its weakest pair, and says which', () => {
    const found = guarantee(['replays', 'forgets'], [sink('goes back'), sink()], true);
    expect(found.pairs.map(({ level }) => level)).toEqual([
      'exactly-once',
      'at-least-once',
      'best-effort',
      'best-effort',
    ]);
    expect(found.text).toBe(
      'guarantee: best-effort (forgets to goes-back: loses what was in memory); state as of the last checkpoint',
    );
  });

  it('is refused where outputs that are committed with the checkpoint could not be exact', () => {
    const once = sink('in one transaction');
    const other = { ...once, name: 'other', transaction: place('there') };
    expect(() => guarantee(['forgets'], [once], true)).toThrow(
      'flow.f.from: expected sources that replay, since in-one commits each output exactly once, received "forgets"',
    );
    expect(() => guarantee(['replays', 'redelivers'], [once], false)).toThrow('received "redelivers"');
    expect(() => guarantee(['keeps'], [once], false)).toThrow('Give the flow a data directory.');
    expect(() => guarantee(['replays'], [once, other], true)).toThrow(
      'sinks that commit in one place (in-one in here)',
    );
  });

  it('counts each sink for itself where some are committed with the checkpoint', () => {
    const { pairs } = guarantee(['replays'], [sink('in one transaction'), sink(), sink('by key')], false);
    expect(pairs.map(({ level }) => level)).toEqual(['exactly-once', 'at-least-once', 'effectively-once']);
  });
});
