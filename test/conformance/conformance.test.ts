/** The run matcher against the answers of the reference engine. */

import { expect, test } from 'vitest';
import { readCases } from './cases.ts';
import { differenceIn } from './replay.ts';
import { reportOf, SUITES } from './report.ts';

test.each([
  ['flink.json', 118],
  ['generated.json', 150],
  ['random.json', 181],
])('answers as the reference does: %s', (name, count) => {
  const file = SUITES.find((path) => path.endsWith(name)) ?? name;
  const { lines, isConforming } = reportOf([file], { isVerbose: true });
  expect(lines).toEqual([`${count} passed, 0 failed`]);
  expect(isConforming).toBe(true);
});

test('a wrong answer is found, whether a match is missing, is too many or comes at another time', () => {
  const one = readCases(SUITES[0] ?? '').find(({ id }) => id === 'AfterMatchSkipITCase.testNoSkip');
  if (one === undefined || !('matches' in one.expect)) throw new Error('the case is gone');
  const { matches } = one.expect;
  expect(differenceIn(one)).toBeUndefined();
  expect(differenceIn({ ...one, expect: { matches: matches.slice(1) } })).toMatch(/too many/);
  expect(differenceIn({ ...one, expect: { matches: [...matches, ...matches.slice(1)] } })).toMatch(/missing/);
  const later = matches.map((match) => ({ ...match, after: match.after + 1 }));
  expect(differenceIn({ ...one, expect: { matches: later } })).toMatch(/missing/);
  expect(differenceIn({ ...one, expect: { error: 'skipTargetMissing' } })).toMatch(/expected skipTargetMissing/);
});
