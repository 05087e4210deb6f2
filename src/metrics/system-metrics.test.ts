import { describe, expect, it } from 'vitest';

import { Histogram } from '../stats/histogram.ts';
import type { Rate } from './rate-meter.ts';
import type { ResourceSample } from './resources.ts';
import { systemMetrics, type Meters } from './system-metrics.ts';

describe('system metrics', () => {
  it('have the names, units and precision of the guide', () => {
    const latency = new Histogram();
    latency.record(1.23456, 900);
    latency.record(8.5, 100);
    const metrics = systemMetrics(
      metersOf(latency, { eventsPerSecond: 123_456.7, bytesPerSecond: 9_876_543.2 }),
      resourcesOf({ cpuRatio: 0.123456, memoryRatio: 0.5, ioWaitRatio: 0 }),
    );
    expect(metrics).toEqual({
      response_time: { avg: 1.961, p95: expect.closeTo(8.5, 0) as number, p99: expect.closeTo(8.5, 0) as number },
      throughput: { eps: 123_457, bps: 9_876_543 },
      resource_utilization: { cpu: 12.3, memory: 50, io_wait: 0 },
    });
    expect(metrics.response_time.p95).toBe(Math.round((metrics.response_time.p95 ?? 0) * 1000) / 1000);
  });

  it('are null where nothing was measured or the system does not tell', () => {
    expect(systemMetrics(metersOf(new Histogram(), null), resourcesOf({}))).toEqual({
      response_time: { avg: null, p95: null, p99: null },
      throughput: { eps: 0, bps: 0 },
      resource_utilization: { cpu: null, memory: null, io_wait: null },
    });
  });
});

function metersOf(latency: Histogram, rate: Rate | null): Meters {
  return { latency: { window: () => latency }, rate: { rate: () => rate } };
}

function resourcesOf(known: Partial<ResourceSample>): { read(): ResourceSample } {
  const unknown: ResourceSample = {
    cpuRatio: null,
    cpuLimitCores: null,
    memoryRatio: null,
    memoryBytes: null,
    memoryLimitBytes: null,
    ioWaitRatio: null,
    ioPressureRatio: null,
  };
  return { read: () => ({ ...unknown, ...known }) };
}
