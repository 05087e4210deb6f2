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

  it('are forgiven once the event is found that they died of, which ten may be', () => {
    const lives = new Lives();
    for (let event = 1; event <= 10; event += 1) {
      expect(lives.died(event * 10)).toBe('1 of at most 3 within 10 minutes');
      expect(lives.setApart(event * 10)).toBe(`${event} of at most 10 within 10 minutes`);
    }
    expect(lives.setApart(110)).toBeUndefined();
  });
});
