import { describe, expect, it } from 'vitest';
import type { ByteSource, EventSource } from '../event/source.ts';
import { count } from '../operator/aggregate/aggregate.ts';
import { tumbling } from '../operator/window/window-spec.ts';
import { virtualFlow, virtualHost } from '../testing/virtual-host.ts';

interface Sale {
  readonly shop: string;
  readonly at: number;
}

const events: EventSource<Sale> = { kind: 'events', name: 'sales', run: () => Promise.resolve() };
const bytes: ByteSource = { kind: 'bytes', name: 'lines', format: 'ndjson', run: () => Promise.resolve() };
const ignore = (): void => undefined;

function flow() {
  return virtualFlow('f', virtualHost());
}

describe('planFlow', () => {
  it('fuses synchronous operators into one segment and cuts at waiting stages', () => {
    const plan = flow()
      .from(events)
      .filter((s) => s.at > 0)
      .map((s) => s.shop)
      .mapAsync((s) => Promise.resolve(s))
      .map((s) => s.length)
      .to(ignore)
      .plan();
    expect(plan.segments.map(({ name, leaves, inputs }) => ({ name, leaves, inputs }))).toEqual([
      { name: 'sales', leaves: [{ kind: 'stage', index: 0 }], inputs: 1 },
      { name: 'mapAsync', leaves: [{ kind: 'stage', index: 1 }], inputs: 1 },
    ]);
    expect(plan.stages.map(({ node, output, inputs }) => [node.name, output, inputs])).toEqual([
      ['mapAsync', 1, 1],
      ['ignore', undefined, 1],
    ]);
  });

  it('keeps a fork within its segment and counts the inputs of what is merged', () => {
    const declared = flow();
    const a = declared.from(events);
    const b = declared.from(events, { name: 'more' });
    const plan = a
      .merge(
        b,
        a.filter((s) => s.at > 5),
      )
      .to(ignore)
      .plan();
    expect(plan.segments.map(({ name, leaves, inputs }) => [name, leaves.length, inputs])).toEqual([
      ['sales', 2, 1],
      ['more', 1, 1],
      ['merge', 1, 3],
    ]);
  });

  it('leads late events to their own sink', () => {
    const plan = flow()
      .from(events)
      .eventTime((s) => s.at)
      .window(tumbling('1s'), { late: (late) => late.to(ignore, { name: 'late' }) })
      .aggregate({ n: count() })
      .to(ignore)
      .plan();
    expect(plan.segments[0]?.roots).toMatchObject([
      { operator: { kind: 'eventTime' }, ports: [[{ ports: [[{ leaf: 0 }], [{ leaf: 1 }]] }]] },
    ]);
  });

  it('has the decoder number the key where it reads a field, also one that a map may have kept', () => {
    const keyed = (key: (s: Sale) => string) =>
      flow()
        .from<Sale>(bytes)
        .filter((s) => s.at > 0)
        .keyBy(key)
        .aggregate({ n: count() })
        .to(ignore)
        .plan();
    expect(keyed((s) => s.shop).sources[0]?.keyField).toBe('shop');
    expect(keyed((s) => s.shop.trim()).sources[0]?.keyField).toBeUndefined();
    const mapped = flow()
      .from<Sale>(bytes)
      .map((s) => ({ shop: s.at }))
      .keyBy('shop')
      .aggregate({ n: count() })
      .to(ignore);
    expect(mapped.plan().sources[0]?.keyField).toBe('shop');
  });

  it('refuses a stream that leads nowhere, and a flow without a source', () => {
    const open = flow();
    open.from(events).map((s) => s.shop, { name: 'shop' });
    expect(() => open.plan()).toThrow('flow.f.shop: expected a sink at the end');
    expect(() => flow().plan()).toThrow('flow.f: expected a source');
  });

  it('refuses a name twice, and streams of another flow', () => {
    const declared = flow();
    const named = declared.from(events, { name: 'x' });
    expect(() => named.map((s) => s, { name: 'x' })).toThrow('expected a name not used in this flow yet, received "x"');
    expect(() => named.merge(flow().from(events))).toThrow('expected streams of the same flow');
  });
});
