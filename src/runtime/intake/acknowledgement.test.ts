import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Origin } from '../../event/origin.ts';
import { Acknowledgement } from './acknowledgement.ts';

describe('Acknowledgement', () => {
  it('reports exactly the gap-free prefix of confirmed batches, in whatever order they settle', () => {
    const order = fc.integer({ min: 1, max: 40 }).chain((n) =>
      fc.record({
        order: fc.shuffledSubarray(
          Array.from({ length: n }, (_, i) => i),
          { minLength: 0, maxLength: n },
        ),
        rejected: fc.array(fc.nat(n - 1)),
        size: fc.constant(n),
      }),
    );
    fc.assert(
      fc.property(order, ({ order, rejected, size }) => {
        const reported: number[] = [];
        const acknowledgement = new Acknowledgement((_partition, offset) => reported.push(offset));
        const origins = Array.from({ length: size }, (_, i) => {
          const origin = new Origin('p', i + 1, 1, 0, (settled) => acknowledgement.settled(settled));
          acknowledgement.opened(origin);
          return origin;
        });
        const confirmed = new Set<number>();
        for (const i of order) {
          if (rejected.includes(i)) origins[i]?.reject('no');
          else {
            origins[i]?.release();
            confirmed.add(i);
          }
          let prefix = 0;
          while (confirmed.has(prefix)) prefix += 1;
          expect(reported.at(-1) ?? 0).toBe(prefix);
        }
        expect(reported).toEqual([...reported].sort((a, b) => a - b));
      }),
    );
  });

  it('acknowledges a batch that has passed at once, unless an earlier one is open', () => {
    const reported: number[] = [];
    const acknowledgement = new Acknowledgement((_partition, offset) => reported.push(offset));
    const open = (endOffset: number): Origin => {
      const origin = new Origin('p', endOffset, 1, 0, (settled) => acknowledgement.settled(settled));
      acknowledgement.opened(origin);
      return origin;
    };
    expect(acknowledgement.passed('p', 1)).toBe(true);
    const second = open(2);
    expect(acknowledgement.passed('p', 3)).toBe(false);
    const third = open(3);
    third.release();
    expect(reported).toEqual([1]);
    second.release();
    expect(acknowledgement.passed('p', 4)).toBe(true);
    expect(reported).toEqual([1, 3, 4]);
  });

  it('keeps partitions apart and forgets one that has ended', () => {
    const reported: string[] = [];
    const acknowledgement = new Acknowledgement((partition, offset) => reported.push(`${partition}${offset}`));
    const open = (partition: string, endOffset: number): Origin => {
      const origin = new Origin(partition, endOffset, 1, 0, (o) => acknowledgement.settled(o));
      acknowledgement.opened(origin);
      return origin;
    };
    const [a1, b1, a2] = [open('a', 1), open('b', 1), open('a', 2)];
    acknowledgement.ended('a');
    b1.release();
    a2.release();
    a1.release();
    expect(reported).toEqual(['b1', 'a2']);
    open('a', 1).release(); // a new partition of that name starts anew
    expect(reported).toEqual(['b1', 'a2', 'a1']);
  });
});
