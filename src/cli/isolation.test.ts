import { describe, expect, it } from 'vitest';
import type { EventRange } from '../runtime/supervision.ts';
import { Isolation, type Death, type Finding } from './isolation.ts';

const range = (from: number, count: number): EventRange => ({
  source: 'orders',
  partition: 'p',
  base: 100,
  from,
  count,
});
const died = (alone?: EventRange, more: Partial<Death> = {}): Death => ({
  given: [5000],
  alone,
  wasHeld: more.wasHeld ?? false,
  what: 'ended its thread',
});
const kinds = (isolation: Isolation, deaths: readonly Death[]): Finding['kind'][] =>
  deaths.map((death) => isolation.died(death).kind);

describe('deaths of threads', () => {
  it('say nothing at first but what came after the checkpoint', () => {
    const isolation = new Isolation();
    expect(isolation.suspicion).toBeUndefined();
    expect(kinds(isolation, [died()])).toEqual(['nothing']);
    expect(isolation.suspicion).toEqual({ given: [5000], among: 'given', apart: [] });
  });

  it('lead closer with each piece that a thread dies of, down to one event', () => {
    const isolation = new Isolation();
    const pieces = [range(1000, 400), range(1100, 20), range(1105, 1), range(1105, 1)];
    expect(kinds(isolation, [died(), ...pieces.map((each) => died(each))])).toEqual([
      'nothing',
      'closer',
      'closer',
      'closer',
      'found',
    ]);
    const apart = [{ ...range(1105, 1), reason: 'ended its thread' }];
    expect(isolation.suspicion).toEqual({ given: [5000], among: undefined, apart });
  });

  it('need no second try of an event that held its thread, alone', () => {
    const isolation = new Isolation();
    expect(kinds(isolation, [died(range(7, 1), { wasHeld: true })])).toEqual(['found']);
  });

  it('of other events in turn are no way closer, and blame none', () => {
    const isolation = new Isolation();
    const deaths = [range(7, 1), range(3, 1), range(9, 1)].map((each) => died(each));
    expect(kinds(isolation, deaths)).toEqual(['closer', 'nothing', 'nothing']);
    expect(isolation.suspicion?.apart).toEqual([]);
  });

  it('of the same place after another checkpoint are those of another event', () => {
    const isolation = new Isolation();
    const other = { ...range(7, 1), base: 200 };
    expect(kinds(isolation, [died(range(7, 1)), died(other)])).toEqual(['closer', 'nothing']);
  });
});
