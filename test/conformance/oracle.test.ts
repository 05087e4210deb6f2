/** The run matcher against plain enumeration, on random patterns and streams. */

import { expect, test } from 'vitest';
import { runProgram } from '../../src/pattern/run/program.ts';
import { oracle } from './oracle.ts';
import { EVERYTHING, randomCase, type Subset } from './random-pattern.ts';
import { replay } from './replay.ts';

const COVERED: Subset = { ...EVERYTHING, greedy: false, until: false, skips: ['noSkip'] };
const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);
const CASES = 10_000 * FACTOR;

test(`${CASES} random patterns match what an exhaustive search finds`, { timeout: 120_000 + 20_000 * FACTOR }, () => {
  let covered = 0;
  let matches = 0;
  for (let seed = 1; covered < CASES; seed++) {
    const one = randomCase(seed, COVERED);
    const expected = oracle(one);
    if (expected === undefined) continue;
    covered++;
    matches += expected.length;
    const { matches: actual } = replay(one, (model, table) => runProgram(model, table, 'test'));
    if (actual.join('\n') === expected.join('\n')) continue;
    expect(actual, `seed ${seed}: ${JSON.stringify(one)}`).toEqual(expected);
  }
  expect(matches).toBeGreaterThan(CASES);
});

test('what the search cannot answer it does not answer', () => {
  const one = randomCase(1, COVERED);
  expect(oracle({ ...one, pattern: { ...one.pattern, skip: { strategy: 'pastLast' } } })).toBeUndefined();
  const [step] = one.pattern.steps;
  if (step === undefined) throw new Error('no step');
  const greedy = { ...step, quantifier: { min: 1, max: null, greedy: true } };
  expect(oracle({ ...one, pattern: { ...one.pattern, steps: [greedy] } })).toBeUndefined();
});
