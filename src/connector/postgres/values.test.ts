import { describe, expect, it } from 'vitest';
import { textOf, type ValueColumn, type ValueKind } from './values.ts';

function column(kind: ValueKind, isArray = false): ValueColumn {
  return { name: 'c', type: `${kind}${isArray ? '[]' : ''}`, kind, isArray };
}

describe('textOf', () => {
  it.each([
    ['a text', 'x', 'x'],
    ['a number', 1.5, '1.5'],
    ['a bigint', 2n ** 63n, '9223372036854775808'],
    ['a boolean', true, 'true'],
    ['NULL', null, null],
    ['nothing', undefined, null],
    ['bytes', Uint8Array.of(0, 255), String.raw`\x00ff`],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an object, as JSON', { a: 1 }, '{"a":1}'],
    ['a list, as JSON', [1], '[1]'],
  ] as const)('makes of %s what a text column takes', (_, value, text) => {
    expect(textOf(value, column('text'))).toBe(text);
  });

  it('takes a number for a time as epoch ms', () => {
    expect(textOf(1_700_000_000_123, column('time'))).toBe('2023-11-14T22:13:20.123Z');
    expect(textOf('now', column('time'))).toBe('now');
  });

  it('makes JSON of whatever goes to a json column, a text included', () => {
    expect(['a', 1, [1], { a: null }, true].map((value) => textOf(value, column('json')))).toEqual([
      '"a"',
      '1',
      '[1]',
      '{"a":null}',
      'true',
    ]);
    expect(textOf(null, column('json'))).toBeNull();
  });

  it('makes array literals for array columns, of any depth', () => {
    expect(textOf([1, null, 3], column('scalar', true))).toBe('{1,NULL,3}');
    expect(
      textOf(
        [
          ['a', 'b "c"'],
          ['', 'NULL'],
        ],
        column('text', true),
      ),
    ).toBe(String.raw`{{a,"b \"c\""},{"","NULL"}}`);
    expect(textOf([{ a: 1 }, [2]], column('json', true))).toBe(String.raw`{"{\"a\":1}","[2]"}`);
    expect(textOf([0], column('time', true))).toBe('{1970-01-01T00:00:00.000Z}');
    expect(textOf('{1,2}', column('scalar', true))).toBe('{1,2}');
  });

  it.each([
    ['scalar', { a: 1 }, 'column "c" is scalar, the event has an object'],
    ['time', [1], 'column "c" is time, the event has an array'],
    ['time', new Date(Number.NaN), 'column "c" is time, the event has an invalid date'],
    ['time', Number.NaN, 'column "c" is time, the event has an invalid date'],
    ['text', Symbol('s'), 'column "c" is text, the event has a symbol'],
    ['json', () => 1, 'column "c" is json, the event has a function'],
    ['json', 1n, 'column "c" is json: Do not know how to serialize a BigInt'],
  ] as const)('names the column when a %s cannot be made of %s', (kind, value, message) => {
    expect(() => textOf(value, column(kind))).toThrow(message);
  });

  it('names the column when an array column gets something else', () => {
    expect(() => textOf(7, column('scalar', true))).toThrow('column "c" is scalar[], the event has a number');
  });
});
