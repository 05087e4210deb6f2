import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyedState } from './keyed-state.ts';

const counter = (ttlMs: number, maxKeys: number): KeyedState<number> =>
  new KeyedState({ initial: () => 0, ttlMs, maxKeys });

function add(state: KeyedState<number>, key: string, timeMs: number, watermarkMs = -Infinity): number {
  const slot = state.touch(key, -1, timeMs, watermarkMs);
  return (state.values[slot] = (state.values[slot] as number) + 1);
}

describe('KeyedState', () => {
  it('forgets a key that was not touched for the time to live, however the sweep goes', () => {
    const event = fc.record({ key: fc.constantFrom('a', 'b', 'c'), at: fc.integer({ min: 0, max: 90 }) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100 }), fc.constantFrom(0, 10, 50), (events, outOfOrder) => {
        const state = counter(20, 100);
        const model = new Map<string, { n: number; touched: number }>();
        let watermark = -Infinity;
        for (const { key, at } of events) {
          const now = Math.max(at, watermark);
          const held = model.get(key);
          const row = held !== undefined && now - held.touched < 20 ? held : { n: 0, touched: now };
          model.set(key, { n: row.n + 1, touched: Math.max(row.touched, now) });
          expect(add(state, key, at, watermark)).toBe(model.get(key)?.n);
          watermark = Math.max(watermark, at - outOfOrder);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('frees dead keys by itself while others are used', () => {
    const state = counter(10, 10_000);
    for (let i = 0; i < 1000; i += 1) add(state, `once-${i}`, 0);
    for (let i = 0; i < 501; i += 1) add(state, 'used', 100, 100);
    expect(state.size).toBe(1);
    expect(state.counts()).toEqual({ keys: 1, evicted: 0, expired: 1000 });
  });

  it('never holds more than maxKeys, and keeps keys in use', () => {
    const state = counter(Infinity, 50);
    let hot = 0;
    for (let i = 0; i < 5000; i += 1) {
      add(state, `once-${i}`, i);
      hot = add(state, 'hot', i);
      expect(state.size).toBeLessThanOrEqual(50);
    }
    expect(hot).toBe(5000);
    expect(state.evicted).toBe(5001 - 50);
    expect(state.index.keys.length).toBe(50);
  });

  it('starts a released key anew', () => {
    const state = counter(Infinity, 10);
    add(state, 'a', 0);
    state.release(state.find('a', -1, 0, 0));
    expect(state.find('a', -1, 0, 0)).toBe(-1);
    expect(add(state, 'a', 1)).toBe(1);
  });
});
