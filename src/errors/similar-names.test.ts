import { describe, expect, it } from 'vitest';
import { didYouMean, similarNames } from './similar-names.ts';

describe('similar names', () => {
  it.each([
    ['fruad.ts', ['fraud.ts', 'orders.ts'], ['fraud.ts']],
    ['fraud', ['fraud.ts', 'orders.ts'], ['fraud.ts']],
    ['fraud.js', ['fraud.ts'], ['fraud.ts']],
    ['Fraud.ts', ['fraud.ts'], ['fraud.ts']],
    ['zzz.ts', ['fraud.ts', 'orders.ts'], []],
  ])('for %s in %j are %j', (wanted, names, near) => expect(similarNames(wanted, names)).toEqual(near));

  it('are a sentence, or nothing', () => {
    expect(didYouMean('concurency', ['batch', 'concurrency'])).toBe('Did you mean concurrency?');
    expect(didYouMean('speed', ['batch', 'concurrency'])).toBeUndefined();
  });
});
