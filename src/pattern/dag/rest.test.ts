import { expect, test } from 'vitest';
import type { PatternModel, Step } from '../model/pattern.ts';
import { PredicateNetwork } from '../network/predicate-network.ts';
import { step } from '../steps-fixtures.ts';
import { compilePattern } from './choose.ts';

interface Tick {
  readonly name: string;
}

const loop = (inner: 'any' | 'relaxed' | 'strict') => ({ quantifier: { min: 1, max: null, inner } });

/** How many predicates a pattern awaits; undefined: every event matters to it. */
function awaited(...steps: readonly Step<Tick>[]): number | undefined {
  const model: PatternModel<Tick> = { steps };
  const program = compilePattern(model, new PredicateNetwork().table<Tick>());
  expect(program.kind).toBe('dag');
  return program.awaits?.length;
}

test('a loop is left and gone on with at once, so an event that no step asks for changes nothing', () => {
  for (const inner of ['any', 'relaxed'] as const) {
    const b = step('followedByAny', 'b', loop(inner));
    expect(awaited(step(null, 'a'), b, step('followedByAny', 'c'))).toBe(3);
    expect(awaited(step(null, 'a'), b, step('followedBy', 'c'))).toBe(3);
    expect(awaited(step(null, 'a', loop(inner)), step('followedBy', 'c'))).toBe(2);
  }
});

test('where the next event of all decides, or one that must not come, every event matters', () => {
  expect(awaited(step(null, 'a'), step('followedByAny', 'b', loop('strict')), step('followedBy', 'c'))).toBeUndefined();
  expect(awaited(step(null, 'a', loop('any')), step('next', 'c'))).toBeUndefined();
  expect(
    awaited(step(null, 'a'), step('followedBy', 'b', loop('any')), step('notFollowedBy', 'd'), step('followedBy', 'c')),
  ).toBeUndefined();
});
