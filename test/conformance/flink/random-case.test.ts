/** What asks the reference engine, without the engine: that needs a JDK (`npm run test:flink`). */

import { expect, test } from 'vitest';
import { patternFromJson } from '../../../src/pattern/json.ts';
import { PatternError } from '../../../src/pattern/model/error.ts';
import { readCases } from '../cases.ts';
import { differenceIn, linesOf, replay } from '../replay.ts';
import { SUITES } from '../report.ts';
import { runProgram } from '../../../src/pattern/run/program.ts';
import { randomQuestion } from './random-case.ts';
import { sizeOf, smallerThan } from './shrink.ts';

test('the same seed asks the same, and nearly all that is asked is a pattern', () => {
  expect(randomQuestion(7)).toEqual(randomQuestion(7));
  let refused = 0;
  for (let seed = 1; seed <= 500; seed++) {
    const { pattern } = randomQuestion(seed);
    try {
      expect(patternFromJson(pattern), `seed ${seed}`).toEqual(pattern);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      refused++;
    }
  }
  expect(refused).toBeLessThan(25);
});

test('every construct of the case schema is asked for', () => {
  const asked = Array.from({ length: 500 }, (_, seed) => JSON.stringify(randomQuestion(seed))).join('\n');
  const words = [
    'notNext',
    'notFollowedBy',
    'followedByAny',
    'group',
    'until',
    'greedy',
    'gapMs',
    'errorOnMiss',
    'within',
  ];
  for (const word of [
    ...words,
    'isType',
    'plusCurrent',
    '"max":null',
    'advanceTo',
    'toFirst',
    '"min":0',
    'contains',
    'startsWith',
    'volume',
    '"true"',
  ]) {
    expect(asked).toContain(word);
  }
});

test('a case is made smaller one part at a time, and stays a case', () => {
  const question = randomQuestion(12);
  const smaller = smallerThan(question);
  expect(smaller.length).toBeGreaterThan(question.input.length);
  expect(smaller.every((one) => sizeOf(one) <= sizeOf(question) + 1)).toBe(true);
  expect(smaller.filter((one) => sizeOf(one) < sizeOf(question)).length).toBeGreaterThan(question.input.length);
  for (const one of smaller)
    expect(one.input.every((each) => !('event' in each) || each.event in one.events)).toBe(true);
});

test('an answer as it is stored and one as it is replayed are written alike', () => {
  const [stored] = readCases(SUITES[2] ?? '');
  if (stored === undefined) throw new Error('no case');
  expect(differenceIn(stored)).toBeUndefined();
  const { matches } = replay(stored, (model, table) => runProgram(model, table, 'test'));
  expect(linesOf(stored.expect).matches).toEqual(matches);
});
