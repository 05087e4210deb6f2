import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../errors/errors.ts';
import { alternatives, matchesName } from './glob.ts';

describe('matchesName', () => {
  it.each([
    ['*.ndjson', 'a.ndjson', true],
    ['*.ndjson', 'a.ndjson.gz', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*', '.hidden', false],
    ['.*', '.hidden', true],
    ['**', 'anything', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-b-b', false],
    ['', '', true],
  ])('%s against %s: %s', (pattern, name, expected) => {
    expect(matchesName(pattern, name)).toBe(expected);
  });

  it('agrees with the regular expression that means the same', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    fc.assert(
      fc.property(text, name, (pattern, candidate) => {
        const regex = new RegExp(
          `^${pattern
            .replaceAll('*', '.*')
            .replaceAll('?', '.')
            .replaceAll(/(\.\*)+/g, '.*')}$`,
        );
        expect(matchesName(pattern, candidate)).toBe(regex.test(candidate));
      }),
    );
  });

  it('stays fast on a pattern made to be slow', () => {
    const start = performance.now();
    expect(matchesName('*a'.repeat(50) + 'b', 'a'.repeat(2000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('alternatives', () => {
  it('expands braces, nested ones too', () => {
    expect(alternatives('{a,b}.{c,d}').sort()).toEqual(['a.c', 'a.d', 'b.c', 'b.d']);
    expect(alternatives('{a,{b,c}}').sort()).toEqual(['a', 'b', 'c']);
    expect(alternatives('plain')).toEqual(['plain']);
  });

  it('refuses braces that do not match and those that multiply without end', () => {
    expect(() => alternatives('{a,b')).toThrow(ConfigError);
    expect(() => alternatives('{a,b}'.repeat(20))).toThrow(ConfigError);
  });
});
