import { describe, expect, it } from 'vitest';
import { certainModel } from '../solver-fixtures.ts';
import type { Carrying } from './natural.ts';
import { Options } from './options.ts';

const SERVERS = 6;
const asked: number[] = [];
const model = certainModel(
  (b, n) => {
    asked.push(n);
    return (2 + 0.02 * b) * Math.max(1, n / SERVERS);
  },
  { batch: 100, inFlight: 8 },
);
const load: Carrying = { model, rate: 60, batchLimit: 400, callsPerMs: Infinity };

describe('options', () => {
  it('are looked at up to the smallest that is wanted', () => {
    asked.length = 0;
    expect(new Options(load, { min: 1, max: 64 }).find(() => true)?.inFlight).toBe(2);
    expect(Math.max(...asked)).toBe(2);
  });

  it('are those that carry the load', () => {
    const options = new Options(load, { min: 1, max: 64 });
    expect(options.at(1)).toBeUndefined();
    expect(options.at(2)?.inFlight).toBe(2);
    expect(options.at(65)).toBeUndefined();
    expect(options.quickest()?.inFlight).toBe(SERVERS);
    expect(new Options({ ...load, rate: 1e6 }, { min: 1, max: 64 }).quickest()).toBeUndefined();
  });
});
