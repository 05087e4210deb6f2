import { describe, expect, it } from 'vitest';

import { ConfigError } from '../errors/errors.ts';
import type { SystemMetrics } from './system-metrics.ts';
import { allMet, GUIDE_TARGETS, judge, resolveTargets, type TargetsInput, type Verdicts } from './targets.ts';

describe('targets', () => {
  it("are the guide's where nothing is said", () => {
    expect(resolveTargets()).toEqual(GUIDE_TARGETS);
    expect(resolveTargets({})).toEqual(GUIDE_TARGETS);
    expect(resolveTargets({ latency: {} })).toEqual(GUIDE_TARGETS);
  });

  it("keep the guide's distance to critical when they are changed", () => {
    expect(resolveTargets({ latency: { avg: '5ms', p95: 60 }, throughput: 10_000 })).toMatchObject({
      avg: { target: 5, critical: 25 },
      p95: { target: 60, critical: 200 },
      throughput: { target: 10_000, critical: 5000 },
    });
  });

  it('ask of an average that is left out only to be below the p95 that is given', () => {
    expect(resolveTargets({ latency: { p95: '400ms' } })).toMatchObject({ avg: { target: 400 }, p95: { target: 400 } });
  });

  it('of CPU and memory keep the critical value, unless the target lies above it', () => {
    expect(resolveTargets({ cpu: 0.5, memory: 0.95 })).toMatchObject({
      cpu: { target: 0.5, critical: 0.9 },
      memory: { target: 0.95, critical: 0.95 },
    });
    expect(resolveTargets({ cpu: 1 }).cpu).toEqual({ target: 1, critical: 1 });
  });

  it.each<[unknown, string, string]>([
    [{ cpu: 70 }, 'targets.cpu', 'expected a ratio above 0 and at most 1, such as 0.7, received 70'],
    [{ cpu: 0 }, 'targets.cpu', 'received 0'],
    [{ cpu: '0.7' }, 'targets.cpu', 'received "0.7"'],
    [{ memory: Number.NaN }, 'targets.memory', 'received NaN'],
    [{ throughput: 0 }, 'targets.throughput', 'expected a number above 0, received 0'],
    [{ throughput: Infinity }, 'targets.throughput', 'received Infinity'],
    [{ throughput: '100000' }, 'targets.throughput', 'received "100000"'],
    [{ latency: { avg: 0 } }, 'targets.latency.avg', 'expected a number above 0, received 0'],
    [{ latency: { p95: '30 parsecs' } }, 'targets.latency.p95', 'expected a duration'],
    [{ latency: { p95: -1 } }, 'targets.latency.p95', 'received -1'],
    [{ latency: '10ms' }, 'targets.latency', 'expected an object with avg, p95, received "10ms"'],
    [{ latency: { p99: '50ms' } }, 'targets.latency.p99', 'expected one of avg, p95'],
    [{ p95: '30ms' }, 'targets.p95', 'expected one of latency, throughput, cpu, memory'],
    [[], 'targets', 'expected an object with latency, throughput, cpu, memory, received an array of 0'],
    [null, 'targets', 'received null'],
  ])('refuse %j at once, saying where and what', (input, path, message) => {
    const resolve = (): unknown => resolveTargets(input as TargetsInput);
    expect(resolve).toThrow(ConfigError);
    expect(resolve).toThrow(`${path}: `);
    expect(resolve).toThrow(message);
  });

  it('name the path of the declaration that they stand in', () => {
    expect(() => resolveTargets({ cpu: 2 }, 'flow.fraud.targets')).toThrow('flow.fraud.targets.cpu: ');
  });
});

describe('a verdict', () => {
  it.each<[keyof Verdicts, number, string]>([
    ['avg', 9.999, 'met'],
    ['avg', 10, 'missed'],
    ['avg', 50, 'missed'],
    ['avg', 50.001, 'critical'],
    ['p95', 29.999, 'met'],
    ['p95', 30, 'missed'],
    ['p95', 100.001, 'critical'],
    ['throughput', 100_001, 'met'],
    ['throughput', 100_000, 'missed'],
    ['throughput', 50_000, 'missed'],
    ['throughput', 49_999, 'critical'],
    ['cpu', 69.9, 'met'],
    ['cpu', 70, 'missed'],
    ['cpu', 90.1, 'critical'],
    ['memory', 74.9, 'met'],
    ['memory', 75, 'missed'],
    ['memory', 90.1, 'critical'],
  ])('on %s at %d is %s', (name, value, expected) => {
    expect(judge(metricsWith({ [name]: value }), GUIDE_TARGETS)[name]).toBe(expected);
  });

  it.each<keyof Verdicts>(['avg', 'p95', 'cpu', 'memory'])('on %s is unknown when it is not measured', (name) => {
    expect(judge(metricsWith({ [name]: null }), GUIDE_TARGETS)[name]).toBe('unknown');
  });
});

describe('all targets', () => {
  const met: Verdicts = { avg: 'met', p95: 'met', throughput: 'met', cpu: 'met', memory: 'met' };

  it('are met when each is', () => expect(allMet(met)).toBe(true));

  it('are met where the system does not tell CPU and memory', () => {
    expect(allMet({ ...met, cpu: 'unknown', memory: 'unknown' })).toBe(true);
  });

  it.each<keyof Verdicts>(['avg', 'p95', 'throughput'])('are not met while %s is unknown', (name) => {
    expect(allMet({ ...met, [name]: 'unknown' })).toBe(false);
  });

  it.each<keyof Verdicts>(['avg', 'p95', 'throughput', 'cpu', 'memory'])('are not met when %s is not', (name) => {
    expect(allMet({ ...met, [name]: 'missed' })).toBe(false);
    expect(allMet({ ...met, [name]: 'critical' })).toBe(false);
  });
});

function metricsWith(change: Partial<Record<keyof Verdicts, number | null>>): SystemMetrics {
  const { avg = 1, p95 = 2, throughput = 200_000, cpu = 10, memory = 10 } = change;
  return {
    response_time: { avg, p95, p99: p95 },
    throughput: { eps: throughput ?? 0, bps: 0 },
    resource_utilization: { cpu, memory, io_wait: null },
  };
}
