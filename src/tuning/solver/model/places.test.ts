import { describe, expect, it } from 'vitest';
import { Places, type Place } from './places.ts';

const FIRST: readonly Place[] = [
  { batch: 1, inFlight: 1 },
  { batch: 16, inFlight: 1 },
  { batch: 256, inFlight: 2.5 },
];

/** Both tables of a point, all three scales. */
const tablesAt = (places: Places, { batch, inFlight }: Place): number[] => [
  ...places.batchTable(batch, true).slice(0, 3 * places.size),
  ...places.inFlightTable(inFlight, true).slice(0, 3 * places.size),
];

describe('places', () => {
  it('are near to themselves at every scale, and the less the sharper', () => {
    const table = new Places(FIRST).batchTable(16, true);
    expect([table[1], table[4], table[7]]).toEqual([1, 1, 1]);
    const near = new Places(FIRST).batchTable(20, true);
    expect(near[1]).toBeGreaterThan(near[4] as number);
    expect(near[4]).toBeGreaterThan(near[7] as number);
  });

  it.each<[string, readonly Place[]]>([
    ['the same', FIRST],
    ['one of them moved', [FIRST[0] as Place, { batch: 16.2, inFlight: 1.1 }, FIRST[2] as Place]],
    ['one more', [...FIRST, { batch: 64, inFlight: 8 }]],
    ['one less, and another order', [FIRST[2] as Place, FIRST[0] as Place]],
  ])('use the tables of the ones before and give what new ones would: %s', (_, cells) => {
    const points = [{ batch: 100, inFlight: 3 }, ...cells];
    for (const isSharp of [false, true]) {
      const before = new Places(FIRST);
      for (const { batch, inFlight } of points) {
        before.batchTable(batch, isSharp);
        before.inFlightTable(inFlight, isSharp);
      }
      const after = new Places(cells, before);
      const fresh = new Places(cells);
      for (const point of points) expect(tablesAt(after, point)).toEqual(tablesAt(fresh, point));
    }
  });

  it('answer as before once others have taken over their tables', () => {
    const before = new Places(FIRST);
    const point = { batch: 100, inFlight: 3 };
    const answer = tablesAt(before, point);
    const others = FIRST.map(({ batch, inFlight }) => ({ batch: 3 * batch, inFlight: 2 * inFlight }));
    tablesAt(new Places(others, before), point);
    expect(tablesAt(before, point)).toEqual(answer);
  });

  it('answer the same between whole numbers, at a place or beside it, whatever was asked for before', () => {
    const places = new Places(FIRST);
    for (const inFlight of [2.5, 3.5]) {
      const answer = [...new Places(FIRST).inFlightTable(inFlight, true)];
      places.inFlightTable(inFlight, false);
      places.inFlightTable(9.5, true);
      expect([...places.inFlightTable(inFlight, true)]).toEqual(answer);
    }
  });

  it('keep no more tables than their bound, and answer the same', () => {
    const places = new Places(FIRST);
    const first = [...places.batchTable(7, true)];
    for (let i = 0; i < 1000; i += 1) places.batchTable(8 + i, false);
    expect([...places.batchTable(7, true)]).toEqual(first);
  });
});
