import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Origin } from '../event/origin.ts';
import { Edge } from './edge.ts';

const CAPACITY = { edgeEvents: 10, edgeBytes: 1000 };

function originOf(events: number, settled: string[] = [], name = 'p'): Origin {
  return new Origin(name, 0, events, 0, (origin) => void settled.push(origin.partition));
}

function sliceOf(events: unknown[], origin: Origin = originOf(events.length), bytes = events.length) {
  return { events, start: 0, end: events.length, bytes, origin };
}

describe('Edge', () => {
  it('hands out every event once and in order, and keeps count, whatever the sizes', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(sizes, fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (batches, limits) => {
        const edge = new Edge();
        let next = 0;
        const settled: string[] = [];
        for (const [i, size] of batches.entries()) {
          edge.push(
            sliceOf(
              Array.from({ length: size }, () => next++),
              originOf(size, settled, `${i}`),
              size * 7,
            ),
          );
        }
        const seen: unknown[] = [];
        for (let i = 0; edge.events > 0; i += 1) {
          const before = { events: edge.events, bytes: edge.bytes };
          const limit = limits[i % limits.length] as number;
          const taken = edge.take(limit);
          expect(taken?.events.length).toBe(Math.min(limit, before.events));
          expect(edge.events).toBe(before.events - (taken?.events.length ?? 0));
          expect(edge.bytes).toBe(before.bytes - (taken?.bytes ?? 0));
          expect(taken?.parts.reduce((sum, part) => sum + part.events, 0)).toBe(taken?.events.length);
          seen.push(...(taken?.events ?? []));
          for (const { origin } of taken?.parts ?? []) origin.release();
        }
        expect(seen).toEqual(Array.from({ length: next }, (_, i) => i));
        expect(edge.bytes).toBe(0);
        expect(settled).toEqual(batches.map((_, i) => `${i}`)); // each origin settles once, in order
      }),
    );
  });

  it('passes one whole slice on without a copy, also when it is exactly the limit', () => {
    const edge = new Edge();
    const events = [1, 2, 3];
    edge.push(sliceOf(events));
    edge.push(sliceOf([4]));
    expect(edge.take(3)?.events).toBe(events);
    const rest = edge.take(100)?.events;
    expect(rest).toEqual([4]);
    expect(edge.take(1)).toBeUndefined();
  });

  it('hands out parts of one origin at a time, without a copy, whatever the sizes', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(sizes, fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (batches, limits) => {
        const edge = new Edge();
        const settled: string[] = [];
        const arrays = batches.map((size, i) => Array.from({ length: size }, (_, j) => `${i}.${j}`));
        for (const [i, events] of arrays.entries()) {
          edge.push(sliceOf(events, originOf(events.length, settled, `${i}`), events.length * 7));
        }
        const seen: unknown[] = [];
        for (let i = 0; edge.events > 0; i += 1) {
          const before = { events: edge.events, bytes: edge.bytes };
          const limit = limits[i % limits.length] as number;
          const part = edge.takePart(limit);
          if (part === undefined) throw new Error('events, and no part');
          expect(arrays).toContain(part.events);
          expect(part.end - part.start).toBeLessThanOrEqual(limit);
          expect(edge.events).toBe(before.events - (part.end - part.start));
          expect(edge.bytes).toBe(before.bytes - part.bytes);
          seen.push(...part.events.slice(part.start, part.end));
          part.origin.release();
        }
        expect(edge.takePart(1)).toBeUndefined();
        expect(seen).toEqual(arrays.flat());
        expect(edge.bytes).toBe(0);
        expect(settled).toEqual(batches.map((_, i) => `${i}`));
      }),
    );
  });

  it('is full by events or by bytes, and has room again at half of both, or when less is left than a call takes', () => {
    const edge = new Edge();
    edge.push(sliceOf([1], originOf(1), 1000));
    expect(edge.isFull(CAPACITY)).toBe(true);
    edge.take(1);
    edge.push(sliceOf(Array.from({ length: 10 }, (_, i) => i)));
    expect(edge.isFull(CAPACITY)).toBe(true);
    edge.take(4);
    expect(edge.hasRoom(CAPACITY, 6)).toBe(false);
    expect(edge.hasRoom(CAPACITY, 7)).toBe(true);
    edge.take(1);
    expect(edge.hasRoom(CAPACITY, 1)).toBe(true);
  });

  it('hands what it holds to discard when it is cleared', () => {
    const edge = new Edge();
    edge.push(sliceOf([1, 2]));
    edge.push(sliceOf([3]));
    const discarded: unknown[] = [];
    edge.clear((slice) => discarded.push(...slice.events));
    expect(discarded).toEqual([1, 2, 3]);
    expect(edge.events).toBe(0);
    expect(edge.oldestAcceptedAt).toBeUndefined();
    expect(edge.newestAcceptedAt).toBeUndefined();
  });
});
