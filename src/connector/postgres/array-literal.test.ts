import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayLiteral, type Element } from './array-literal.ts';

const literal = (...elements: Element[]): string => arrayLiteral(elements, (element) => element);

describe('arrayLiteral', () => {
  it('leaves plain texts as they are', () => {
    expect(literal('1', '-2.5e+30', 'a_b', '2026-01-02T03:04:05.678Z')).toBe(
      '{1,-2.5e+30,a_b,2026-01-02T03:04:05.678Z}',
    );
  });

  it('keeps NULL apart from the word', () => {
    expect(literal(null, 'NULL', 'null', 'nullable', '')).toBe('{NULL,"NULL","null",nullable,""}');
  });

  it('quotes what would mean something', () => {
    expect(literal('a b', 'a,b', '{', '}', '"', '\\', '\n', 'é', "'")).toBe(
      String.raw`{"a b","a,b","{","}","\"","\\","${'\n'}","é","'"}`,
    );
  });

  it('takes arrays within, and none at all', () => {
    expect(literal({ literal: '{1,2}' }, { literal: '{3,4}' })).toBe('{{1,2},{3,4}}');
    expect(literal()).toBe('{}');
  });

  it('can be read again, whatever the texts', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('"', '\\', ',', '\n', 'N', '\ud800', '{') }),
    );
    fc.assert(
      fc.property(fc.array(fc.option(text)), (texts) => {
        expect(read(literal(...texts))).toEqual(texts);
      }),
    );
  });
});

/** As PostgreSQL reads it: a backslash within quotes takes the next character as it is. */
function read(array: string): (string | null)[] {
  const elements = [...array.slice(1, -1).matchAll(/"((?:[^"\\]|\\[^])*)"|([^,]+)/g)];
  return elements.map(([, inQuotes, plain]) => {
    if (inQuotes === undefined) return plain === 'NULL' ? null : (plain ?? '');
    return inQuotes.replaceAll(/\\([^])/g, '$1');
  });
}
