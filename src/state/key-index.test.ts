import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyIndex, MAX_DENSE_IDS, type StateKey } from './key-index.ts';

const KEYS: StateKey[] = ['a', 'b', '__proto__', 'constructor', '', '\0', '1', 1, 0, -1, 2.5, Number.NaN, undefined];

describe('KeyIndex', () => {
  it('gives each live key one slot of its own, whatever ids come with it, and wherever slots are moved to', () => {
    const step = fc.record({
      key: fc.constantFrom(...KEYS),
      id: fc.oneof(fc.integer({ min: -1, max: 5 }), fc.constantFrom(1000, MAX_DENSE_IDS + 5, 2 ** 31 - 1)),
      release: fc.boolean(),
      compact: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const index = new KeyIndex();
        const model = new Map<StateKey, number>();
        for (const { key, id, release, compact } of steps) {
          expect(index.find(key, id)).toBe(model.get(key) ?? -1);
          const slot = index.slotOf(key, id);
          if (!model.has(key)) expect([...model.values()]).not.toContain(slot);
          model.set(key, slot);
          expect(index.slotOf(key, id)).toBe(slot);
          expect(Object.is(index.keys[slot], key)).toBe(true);
          if (release) {
            index.release(slot);
            model.delete(key);
          }
          expect(index.size).toBe(model.size);
          if (!compact) continue;
          const moved = index.compact();
          for (const [live, slot] of model) model.set(live, moved[slot] ?? -1);
          expect([...model.values()].sort((one, other) => one - other)).toEqual([...index.keys.keys()]);
        }
        expect(index.keys.length).toBeLessThanOrEqual(KEYS.length);
        expect(index.byId.length).toBeLessThanOrEqual(MAX_DENSE_IDS);
      }),
    );
  });

  it('takes 0 and -0 for one key', () => {
    const index = new KeyIndex();
    const slot = index.slotOf(-0, -1);
    expect(index.slotOf(0, -1)).toBe(slot);
    expect(Object.is(index.keys[slot], 0)).toBe(true);
  });

  it('leaves Object.prototype alone', () => {
    const index = new KeyIndex();
    index.slotOf('__proto__', 3);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(index.find('toString', -1)).toBe(-1);
  });
});
