import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors/errors.ts';
import { fixedBy, NOTHING_FIXED } from './energy-config.ts';

const read = (config: unknown, before = NOTHING_FIXED) => fixedBy(config, before, 'energy');

describe('EnergyConfig', () => {
  it('takes the names of the guide', () => {
    const config = { BufferSize: 1000, BatchSize: 100, Weights: { computation: 0.4, io: 0.3, network: 0.3 } };
    expect(read(config)).toEqual({
      bufferSize: 1000,
      batchSize: 100,
      weights: { computation: 0.4, io: 0.3, network: 0.3 },
    });
  });

  it('leaves alone what is left out, and gives back what is null', () => {
    const before = read({ bufferSize: 10, batchSize: 5, weights: { io: 0.5 } });
    expect(read({}, before)).toEqual(before);
    expect(read({ batchSize: null }, before)).toEqual({ ...before, batchSize: undefined });
    expect(read({ weights: null }, before).weights).toEqual({});
    expect(read({ weights: { io: null, network: 0.2 } }, before).weights).toEqual({ network: 0.2 });
  });

  it('takes three thirds for one', () => {
    const { weights } = read({ weights: { computation: 0.33, io: 0.33, network: 0.33 } });
    expect(weights.io).toBeCloseTo(1 / 3);
  });

  it.each([
    [{ bufferSize: 0 }, 'energy.bufferSize'],
    [{ batchSize: 1.5 }, 'energy.batchSize'],
    [{ batchSize: '10' }, 'energy.batchSize'],
    [{ size: 1 }, 'energy.size'],
    [{ weights: { io: -0.1 } }, 'energy.weights.io'],
    [{ weights: { disk: 0.1 } }, 'energy.weights.disk'],
    [{ weights: { computation: 0.4, io: 0.4, network: 0.3 } }, 'energy.weights'],
    [{ weights: { computation: 0.4, io: 0.3, network: 0.1 } }, 'energy.weights'],
    [{ weights: { computation: 0.8, io: 0.4 } }, 'energy.weights'],
    [undefined, 'energy'],
  ])('refuses %j', (config, path) => {
    expect(() => read(config)).toThrow(ConfigError);
    expect(() => read(config)).toThrow(`${path}:`);
  });
});
