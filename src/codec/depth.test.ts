import { describe, expect, it } from 'vitest';
import { MAX_DEPTH, tooDeep } from './depth.ts';

const nested = (depth: number, [open, close]: readonly [string, string]): string =>
  open.repeat(depth) + '1' + close.repeat(depth);

describe('the depth of JSON', () => {
  it.each([
    ['[', ']'],
    ['{"a":', '}'],
    ['[{"a":"]]]}}}","b":', '}]'],
  ] as const)('is bounded, however it is nested: %s', (open, close) => {
    const levels = open.startsWith('[{') ? 2 : 1;
    expect(tooDeep(nested(MAX_DEPTH / levels, [open, close]))).toBeUndefined();
    expect(tooDeep(nested(MAX_DEPTH / levels + 1, [open, close]))).toMatch(/1000 levels/);
  });

  it('is not what stands in texts, nor how much there is', () => {
    expect(tooDeep(JSON.stringify(['[{'.repeat(5000), '\\"[['.repeat(2000)]))).toBeUndefined();
    expect(tooDeep(JSON.stringify(Array.from({ length: 5000 }, () => [{}])))).toBeUndefined();
  });

  it('is one that JSON.stringify can walk', () => {
    const value: unknown = JSON.parse(nested(MAX_DEPTH, ['{"a":[', ']}']));
    expect(JSON.stringify(value)).toContain('1');
  });
});
