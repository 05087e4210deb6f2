import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Isolation } from './isolation.ts';

interface Trace {
  readonly passed: number[];
  readonly refused: number[];
  readonly calls: number;
  /** How many calls each event was part of. */
  readonly triesOf: number[];
}

function isolate(events: number, bad: ReadonlySet<number>, tries = 1): Trace {
  const isolation = new Isolation(events);
  const passed: number[] = [];
  const triesOf = new Array<number>(events).fill(0);
  let calls = 0;
  for (let range = isolation.next; range !== undefined; range = isolation.next) {
    const { start, end } = range;
    const members = Array.from({ length: end - start }, (_, i) => start + i);
    calls += 1;
    for (const member of members) triesOf[member] = (triesOf[member] ?? 0) + 1;
    if (members.some((member) => bad.has(member))) {
      isolation.failed(new Error('bad'), tries);
    } else {
      passed.push(...members);
      isolation.passed(members);
    }
  }
  return { passed, refused: [...isolation.refused.keys()], calls, triesOf };
}

describe('Isolation', () => {
  it('takes at most ceil(log2 B) + 1 tries to find one bad event, wherever it stands', () => {
    for (const size of [1, 2, 3, 7, 64, 100, 1000]) {
      const most = Math.ceil(Math.log2(size)) + 1;
      for (let bad = 0; bad < size; bad += Math.max(1, Math.floor(size / 13))) {
        const { triesOf, refused, passed, calls } = isolate(size, new Set([bad]));
        expect(refused).toEqual([bad]);
        expect(passed).toHaveLength(size - 1);
        expect(Math.max(...triesOf)).toBeLessThanOrEqual(most);
        expect(calls).toBeLessThanOrEqual(2 * most - 1);
      }
    }
  });

  it('passes every good event once, in order, and refuses every bad one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.array(fc.nat(59)), (size, drawn) => {
        const bad = new Set(drawn.filter((index) => index < size));
        const { passed, refused, calls } = isolate(size, bad);
        const good = Array.from({ length: size }, (_, i) => i).filter((i) => !bad.has(i));
        expect(passed).toEqual(good);
        expect(refused.sort((a, b) => a - b)).toEqual([...bad].sort((a, b) => a - b));
        expect(calls).toBeLessThanOrEqual(2 * size - 1);
      }),
    );
  });

  it('tries a single event as often as asked', () => {
    expect(isolate(1, new Set([0]), 3).calls).toBe(3);
    expect(isolate(8, new Set([5]), 3).triesOf[5]).toBe(4); // halving has tried it often enough
  });

  it('takes named events out of a range that went through', () => {
    const isolation = new Isolation(4);
    isolation.failed('whole', 1);
    isolation.passed('left', new Map([[1, 'why']]));
    isolation.passed('right');
    expect([isolation.next, isolation.results, [...isolation.refused]]).toEqual([
      undefined,
      ['left', 'right'],
      [[1, 'why']],
    ]);
  });
});
