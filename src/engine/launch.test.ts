import { describe, expect, it } from 'vitest';
import { iterable } from '../connector/iterable/iterable.ts';
import { memory } from '../connector/memory/memory.ts';
import type { RunOptions } from '../flow/run.ts';
import { flow } from './launch.ts';

describe('wrong options of a run fail at once, with what was expected', () => {
  const declared = flow('options')
    .from(iterable([1]))
    .to(memory());

  it.each([
    [{ seed: 1.5 }, 'run.seed: expected a whole number'],
    [{ signal: {} }, 'run.signal: expected an AbortSignal'],
    [{ deadLetters: () => undefined }, 'run.deadLetters: expected a sink'],
  ])('%j', (options, message) => {
    expect(() => declared.run(options as unknown as RunOptions)).toThrow(message);
  });

  it('a dead-letter sink of the flow', () => {
    expect(() => flow('letters').deadLetters({} as never)).toThrow('flow.letters.deadLetters: expected a sink');
  });
});
