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

describe('a state that vacates', () => {
  const optional = (ttlMs: number, maxKeys: number): KeyedState<number | undefined> =>
    new KeyedState<number | undefined>({ initial: () => undefined, ttlMs, maxKeys });

  /** As mapWithState does it: ids as a decoder would give them, or none. */
  function set(state: KeyedState<number | undefined>, key: string, id: number, value: number | undefined, at: number) {
    const slot = state.find(key, id, at, at);
    if (value !== undefined) {
      if (slot >= 0) state.put(slot, value, at, at);
      else state.values[state.touch(key, id, at, at)] = value;
    } else if (slot >= 0 && state.values[slot] !== undefined) state.vacate(slot);
  }

  const valueOf = (state: KeyedState<number | undefined>, key: string, id: number, at: number): number | undefined => {
    const slot = state.find(key, id, at, at);
    return slot < 0 ? undefined : state.values[slot];
  };

  it('gives a key that comes again a life of its own, though an earlier one was touched later', () => {
    const state = optional(20, 100);
    set(state, 'a', -1, 1, 10);
    set(state, 'a', -1, undefined, 10);
    const slot = state.find('a', -1, 0, 0);
    state.put(slot, 2, 5, 0);
    expect(valueOf(state, 'a', -1, 24)).toBe(2);
    expect(valueOf(state, 'a', -1, 25)).toBeUndefined();
  });

  it('holds what a map would hold that sets and deletes', () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 7 }),
      value: fc.option(fc.integer(), { nil: undefined }),
      hasId: fc.boolean(),
      afterMs: fc.integer({ min: 0, max: 8 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.constantFrom(20, Infinity), (steps, ttlMs) => {
        const state = optional(ttlMs, 100);
        const model = new Map<number, { value: number; touched: number }>();
        let at = 0;
        let expired = 0;
        for (const { key, value, hasId, afterMs } of steps) {
          at += afterMs;
          for (const [each, { touched }] of model) {
            if (at - touched < ttlMs) continue;
            model.delete(each);
            expired += 1;
          }
          const id = hasId ? key : -1;
          expect(valueOf(state, `k${key}`, id, at)).toBe(model.get(key)?.value);
          set(state, `k${key}`, id, value, at);
          if (value === undefined) model.delete(key);
          else model.set(key, { value, touched: at });
        }
        for (let key = 0; key < 8; key += 1) expect(valueOf(state, `k${key}`, -1, at)).toBe(model.get(key)?.value);
        expect(state.counts()).toEqual({ keys: model.size, evicted: 0, expired });
      }),
      { numRuns: 400 },
    );
  });

  it('lets go of keys that do not come again', () => {
    const state = optional(Infinity, 1_000_000);
    for (let i = 0; i < 10_000; i += 1) {
      set(state, `once-${i}`, -1, i, i);
      set(state, `once-${i}`, -1, undefined, i);
    }
    expect(state.size).toBe(0);
    expect(state.index.size).toBeLessThanOrEqual(1025);
  });

  it('gives up no key in use for one that was forgotten', () => {
    const state = optional(Infinity, 10);
    for (let i = 0; i < 9; i += 1) set(state, `held-${i}`, -1, i, 0);
    for (let i = 0; i < 1000; i += 1) {
      set(state, `once-${i}`, -1, i, i);
      set(state, `once-${i}`, -1, undefined, i);
    }
    for (let i = 0; i < 9; i += 1) expect(valueOf(state, `held-${i}`, -1, 1000)).toBe(i);
    expect(state.counts()).toEqual({ keys: 9, evicted: 0, expired: 0 });
  });

  it('stores only what is held', () => {
    const state = optional(Infinity, 10);
    set(state, 'a', -1, 1, 0);
    set(state, 'b', -1, 2, 0);
    set(state, 'a', -1, undefined, 0);
    const copy = optional(Infinity, 10);
    copy.restore(state.snapshot());
    expect(copy.counts()).toEqual({ keys: 1, evicted: 0, expired: 0 });
    expect(valueOf(copy, 'a', -1, 1)).toBeUndefined();
    expect(valueOf(copy, 'b', -1, 1)).toBe(2);
    set(state, 'a', -1, 3, 1);
    expect(valueOf(state, 'a', -1, 1)).toBe(3);
  });
});
