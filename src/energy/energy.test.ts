import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors/errors.ts';
import type { FixedEnergy } from './energy-config.ts';
import { EnergyBudget, type EnergyTarget, type PinnedSize } from './energy.ts';
import { START_WEIGHTS, weightsWith } from './weights.ts';

function budget(pins: PinnedSize[] = []) {
  const committed: FixedEnergy[] = [];
  const periods: (() => void)[] = [];
  const target: EnergyTarget = {
    maxBatches: () => [{ stage: 'db', maxBatch: 500 }],
    pins: () => pins,
    weights: (fixed) => weightsWith(fixed, START_WEIGHTS),
    predict: () => ({ throughput: null, p95Ms: null, cost: null, reason: 'nothing measured yet' }),
    nextPeriod: () => new Promise((resolve) => periods.push(resolve)),
    commit: (fixed) => committed.push(fixed),
  };
  const energy = new EnergyBudget(target);
  const period = (): void => {
    for (const resolve of periods.splice(0)) resolve();
  };
  return { energy, committed, period };
}

describe('energy.apply', () => {
  it('is in force as of the next period, whole, and says what is', async () => {
    const { energy, committed, period } = budget();
    const applying = energy.apply({ batchSize: 100, weights: { io: 0.5 } });
    expect(energy.config().batchSize).toBeNull();
    period();
    const { applied, version } = await applying;
    expect(applied).toMatchObject({ bufferSize: null, batchSize: 100 });
    expect(applied.weights.io).toBe(0.5);
    expect(version).toBe(1);
    expect(committed).toHaveLength(1);
    expect(energy.config()).toEqual(applied);
  });

  it('changes nothing when it is aborted before', async () => {
    const { energy, committed, period } = budget();
    const abort = new AbortController();
    const applying = energy.apply({ batchSize: 100 }, { signal: abort.signal });
    abort.abort(new Error('changed my mind'));
    period();
    await expect(applying).rejects.toThrow('changed my mind');
    await expect(energy.apply({ batchSize: 1 }, { signal: abort.signal })).rejects.toThrow('changed my mind');
    expect(committed).toEqual([]);
    expect(energy.config().batchSize).toBeNull();
  });

  it('changes nothing when any part of it is wrong', async () => {
    const { energy, committed, period } = budget();
    const applying = energy.apply({ bufferSize: 100, batchSize: 501 });
    period();
    await expect(applying).rejects.toThrow('energy.batchSize: expected at most 500, the limit of stage db');
    expect(committed).toEqual([]);
  });

  it('names the pin that it contradicts, also one that came while it waited', async () => {
    const pins: PinnedSize[] = [];
    const { energy, period } = budget(pins);
    const applying = energy.apply({ batchSize: 10 });
    pins.push({ stage: 'db', knob: 'batchLimit', value: 256 });
    period();
    await expect(applying).rejects.toThrow(ConfigError);
    await expect(energy.apply({ batchSize: 10 })).rejects.toThrow('db.batchLimit is pinned');
    const agreeing = energy.apply({ batchSize: 256 });
    period();
    expect((await agreeing).applied.batchSize).toBe(256);
  });

  it('puts two configurations of one period on top of each other', async () => {
    const { energy, period } = budget();
    const both = Promise.all([energy.apply({ batchSize: 10 }), energy.apply({ bufferSize: 50 })]);
    period();
    await both;
    expect(energy.config()).toMatchObject({ batchSize: 10, bufferSize: 50 });
  });
});
