import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pop, push, removeAll } from './ordered.ts';

const starts = fc.array(fc.integer({ min: 0, max: 20 }).map((start) => ({ start })));
const drained = (heap: { start: number }[]): number[] => {
  const order: number[] = [];
  for (let item = pop(heap); item !== undefined; item = pop(heap)) order.push(item.start);
  return order;
};

test('items come out by their first event, also after some were removed', () => {
  fc.assert(
    fc.property(starts, fc.integer({ min: 0, max: 20 }), (items, removed) => {
      const heap: { start: number }[] = [];
      for (const item of items) push(heap, item);
      const gone = removeAll(heap, ({ start }) => start === removed);
      const kept = items.map(({ start }) => start).filter((start) => start !== removed);
      expect(gone).toBe(items.length - kept.length);
      expect(drained(heap)).toEqual(kept.sort((a, b) => a - b));
    }),
  );
});

test('pushing a heap in its own order gives the same heap', () => {
  fc.assert(
    fc.property(starts, (items) => {
      const heap: { start: number }[] = [];
      for (const item of items) push(heap, item);
      const copy: { start: number }[] = [];
      for (const item of heap) push(copy, item);
      expect(copy).toEqual(heap);
    }),
  );
});
