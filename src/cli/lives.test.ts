import { describe, expect, it } from 'vitest';
import { Lives } from './lives.ts';

describe('the lives of a flow', () => {
  it('are three more within ten minutes', () => {
    const lives = new Lives();
    expect([0, 1, 2, 3].map((minute) => lives.died(minute * 60_000))).toEqual([
      '1 of at most 3 within 10 minutes',
      '2 of at most 3 within 10 minutes',
      '3 of at most 3 within 10 minutes',
      undefined,
    ]);
  });

  it('are given back with time', () => {
    const lives = new Lives();
    for (let hour = 0; hour < 10; hour += 1) expect(lives.died(hour * 3_600_000)).toMatch(/^1 of/);
  });
});
