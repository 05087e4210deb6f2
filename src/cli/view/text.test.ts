import { describe, expect, it } from 'vitest';
import { sparkline } from './sparkline.ts';
import { cutTo, left, right, widthOf, wrap } from './text.ts';

describe('text in columns', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['é', 1],
    ['e\u0301', 1],
  ])('measures %s', (text, width) => expect(widthOf(text)).toBe(width));

  it('pads and cuts to the column, also wide characters', () => {
    expect(left('ab', 4)).toBe('ab  ');
    expect(right('ab', 4)).toBe('  ab');
    expect(left('abcdef', 4)).toBe('abc…');
    expect(widthOf(left('日本語', 4))).toBe(4);
    expect(cutTo('abc', 0)).toBe('');
  });

  it('wraps at words', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('', 8)).toEqual([]);
  });
});

describe('a sparkline', () => {
  it('scales to the ceiling, or to what is above it', () => {
    expect(sparkline([0, 50, 100], 3, 100)).toBe('▁▅█');
    expect(sparkline([0, 50, 100], 3, 1000)).toBe('▁▁▁');
    expect(sparkline([0, 200], 2, 100)).toBe('▁█');
  });

  it('shows the newest on the right and leaves gaps where nothing was measured', () => {
    expect(sparkline([9, 1, null, 1], 3)).toBe('█ █');
    expect(sparkline([1], 3)).toBe('  █');
  });
});
