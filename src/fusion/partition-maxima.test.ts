import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PartitionMaxima } from './partition-maxima.ts';

const IDLE_MS = 10;

/** What the least maximum is by definition: over all partitions with times that were active of late. */
class Model {
  readonly #seen = new Map<string, { max: number; seenMs: number }>();
  #highest = -Infinity;

  input(partition: string, times: readonly number[], wallMs: number): void {
    this.#expire(wallMs);
    const before = this.#seen.get(partition)?.max ?? -Infinity;
    const max = Math.max(before, ...times);
    this.#highest = Math.max(this.#highest, max);
    this.#seen.set(partition, { max, seenMs: wallMs });
  }

  end(partition: string): void {
    this.#seen.delete(partition);
  }

  least(wallMs: number): number {
    this.#expire(wallMs);
    const maxima = [...this.#seen.values()].map(({ max }) => max).filter((max) => max > -Infinity);
    return maxima.length === 0 ? this.#highest : Math.min(...maxima);
  }

  #expire(wallMs: number): void {
    for (const [name, { seenMs }] of this.#seen) if (seenMs + IDLE_MS <= wallMs) this.#seen.delete(name);
  }
}

const commands = fc.array(
  fc.record({
    partition: fc.constantFrom('a', 'b', 'c', 'd'),
    action: fc.constantFrom('input', 'input', 'input', 'end', 'wait'),
    times: fc.array(fc.nat(50), { maxLength: 3 }),
    waitMs: fc.nat(6),
  }),
  { maxLength: 60 },
);

describe('partition maxima', () => {
  test('are what a plain model says, with partitions coming, ending and going idle', () => {
    fc.assert(
      fc.property(commands, (all) => {
        const maxima = new PartitionMaxima(IDLE_MS);
        const model = new Model();
        let wallMs = 0;
        for (const { partition, action, times, waitMs } of all) {
          wallMs += waitMs;
          if (action === 'input') {
            maxima.open(partition, wallMs);
            for (const time of times) maxima.current = Math.max(maxima.current, time);
            const within = Math.min(maxima.current, maxima.others);
            maxima.close();
            model.input(partition, times, wallMs);
            if (maxima.current > -Infinity) expect(within).toBe(model.least(wallMs));
          } else if (action === 'end') {
            maxima.end(partition);
            model.end(partition);
          }
          expect(maxima.least(wallMs)).toBe(model.least(wallMs));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('say when a partition may go idle only where that can let a watermark reach the time', () => {
    const maxima = new PartitionMaxima(IDLE_MS);
    const input = (partition: string, time: number, wallMs: number): void => {
      maxima.open(partition, wallMs);
      maxima.current = time;
      maxima.close();
      maxima.least(wallMs);
    };
    input('a', 5, 100);
    expect(maxima.expiryFor(5)).toBe(Infinity);
    input('b', 50, 103);
    expect(maxima.expiryFor(50)).toBe(110);
    expect(maxima.expiryFor(51)).toBe(Infinity);
  });

  test('in silence event time goes on with wall time where that is wanted, and not before all are idle', () => {
    const maxima = new PartitionMaxima(IDLE_MS, true);
    const input = (partition: string, time: number, wallMs: number): void => {
      maxima.open(partition, wallMs);
      maxima.current = Math.max(maxima.current, time);
      maxima.close();
    };
    expect([maxima.least(0), maxima.expiryFor(5)]).toEqual([-Infinity, Infinity]);
    input('a', 100, 1000);
    input('b', 90, 1004);
    expect([maxima.least(1005), maxima.least(1010)]).toEqual([90, 90]);
    expect([maxima.expiryFor(105), maxima.expiryFor(130)]).toEqual([1014, 1034]);
    expect([maxima.least(1013), maxima.least(1014), maxima.least(1034)]).toEqual([90, 110, 130]);
    input('a', 125, 1040);
    expect([maxima.least(1040), maxima.least(1051)]).toEqual([125, 136]);

    const restored = new PartitionMaxima(IDLE_MS, true);
    restored.restore(maxima.snapshot());
    expect(restored.expiryFor(140)).toBe(-Infinity);
    expect([restored.least(9000), restored.least(9007)]).toEqual([125, 132]);
    expect(restored.expiryFor(140)).toBe(9015);
  });
});
