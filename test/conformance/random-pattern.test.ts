import { expect, test } from 'vitest';
import { patternFromJson } from '../../src/pattern/json.ts';
import { runProgram } from '../../src/pattern/run/program.ts';
import { EVERYTHING, ONE_EVENT, randomCase } from './random-pattern.ts';
import { replay } from './replay.ts';

test('the same seed gives the same case, and every case is a pattern that compiles and comes to an end', () => {
  expect(randomCase(7)).toEqual(randomCase(7));
  let matches = 0;
  for (let seed = 1; seed <= 2_500; seed++) {
    const one = randomCase(seed, seed % 2 === 0 ? EVERYTHING : ONE_EVENT);
    expect(patternFromJson(one.pattern), `seed ${seed}`).toEqual(one.pattern);
    const replayed = replay(one, (model, table) => runProgram(model, table, 'test'));
    matches += replayed.matches.length;
  }
  expect(matches).toBeGreaterThan(2_000);
});
