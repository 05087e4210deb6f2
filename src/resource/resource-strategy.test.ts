import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors/errors.ts';
import { ResourceStrategy, type ResourceStrategyInput } from './resource-strategy.ts';

const CALM = { utilization: 0.5, cpuRatio: 0.1, memoryRatio: 0.1 };

describe('ResourceStrategy', () => {
  it('limits nothing and scales nothing by default', () => {
    const strategy = new ResourceStrategy();
    expect(strategy.step({ at: 0, utilization: 1, cpuRatio: 1, memoryRatio: 1 })).toEqual({
      units: Infinity,
      reason: undefined,
    });
  });

  it('takes the names of the guide', () => {
    const guide = {
      Limits: { CPU: 0.7, Memory: 0.8, IO: 32 },
      Policies: { ScaleUp: { Threshold: 0.9, Duration: '2s', CoolDown: '4s', Step: 3 } },
    };
    const strategy = new ResourceStrategy(guide as ResourceStrategyInput);
    expect(strategy.limits).toEqual({ cpu: 0.7, memory: 0.8, io: 32 });
    expect(strategy.policies.scaleUp).toEqual({ threshold: 0.9, durationMs: 2000, cooldownMs: 4000, step: 3 });
  });

  it('scales by its policies between 1 and the limit', () => {
    const strategy = new ResourceStrategy(
      { limits: { io: 6 }, policies: { scaleUp: { duration: '1s', cooldown: '1s', step: 2 } } },
      3,
    );
    const units: number[] = [];
    for (let at = 0; at <= 5000; at += 500) units.push(strategy.step({ ...CALM, at, utilization: 0.95 }).units);
    expect([...new Set(units)]).toEqual([3, 5, 6]);
  });

  it('cuts at once above a limit, adds nothing meanwhile, and gives back afterwards', () => {
    const strategy = new ResourceStrategy(
      { limits: { io: 20, cpu: 0.5 }, policies: { scaleUp: { duration: 0, cooldown: 0, step: 5 } } },
      10,
    );
    const cut = strategy.step({ at: 0, utilization: 1, cpuRatio: 0.75, memoryRatio: null });
    expect(cut).toEqual({ units: 6, reason: 'cpu is above its limit' });
    expect(strategy.step({ at: 500, utilization: 1, cpuRatio: 0.48, memoryRatio: null }).units).toBe(6);
    let units = 0;
    for (let at = 1000; at < 20_000; at += 1000) ({ units } = strategy.step({ ...CALM, at }));
    expect(units).toBe(10);
  });

  it('measures a cut by what is in use where units have no limit of their own', () => {
    const strategy = new ResourceStrategy({ limits: { memory: 0.5 } });
    expect(strategy.step({ at: 0, utilization: 1, cpuRatio: null, memoryRatio: 0.625 }, 40).units).toBe(32);
    let units = 0;
    for (let at = 1000; at < 20_000; at += 1000) ({ units } = strategy.step({ ...CALM, at }, 10));
    expect(units).toBe(Infinity);
  });

  it.each([
    [{ limits: { cpus: 1 } }, 'resources.limits.cpus'],
    [{ limits: { cpu: 0 } }, 'resources.limits.cpu'],
    [{ limits: { memory: 1.2 } }, 'resources.limits.memory'],
    [{ limits: { io: 0.5 } }, 'resources.limits.io'],
    [{ policies: { scaleUp: { step: 0 } } }, 'resources.policies.scaleUp.step'],
    [
      { policies: { scaleUp: { threshold: 0.5 }, scaleDown: { threshold: 0.6 } } },
      'resources.policies.scaleDown.threshold',
    ],
    [{ limits: { cpu: 0.5, CPU: 0.6 } }, 'resources.limits.CPU'],
    [null, 'resources'],
  ])('refuses %j', (input, path) => {
    expect(() => new ResourceStrategy(input as ResourceStrategyInput)).toThrow(ConfigError);
    expect(() => new ResourceStrategy(input as ResourceStrategyInput)).toThrow(`${path}:`);
  });
});
