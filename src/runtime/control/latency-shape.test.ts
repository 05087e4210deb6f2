import { expect, it } from 'vitest';
import { Histogram } from '../../stats/histogram.ts';
import { LatencyShape } from './latency-shape.ts';

function latencies(...values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value, 100);
  return histogram;
}

it('learns slowly how far the p95 lies above the mean, and forgets an empty period', () => {
  const shape = new LatencyShape();
  expect(shape.p95At(10)).toBe(15);
  shape.observe(latencies(5, 5, 5, 25), 1000);
  expect(shape.p95At(10)).toBeGreaterThan(15);
  expect(shape.p95At(10)).toBeLessThan(16);
  for (let i = 0; i < 500; i += 1) shape.observe(latencies(5, 5, 5, 25), 1000);
  expect(shape.p95At(10)).toBeCloseTo(25, 0);
  shape.observe(undefined, 1000);
  shape.observe(new Histogram(), 1000);
  for (let i = 0; i < 500; i += 1) shape.observe(latencies(2000, 2100), 1000); // a backlog
  expect(shape.p95At(10)).toBeCloseTo(25, 0);
});

it('stays within what is plausible', () => {
  const shape = new LatencyShape();
  for (let i = 0; i < 1000; i += 1) shape.observe(latencies(4), 1000);
  expect(shape.p95At(10)).toBeCloseTo(11, 1);
  for (let i = 0; i < 1000; i += 1) shape.observe(latencies(...new Array<number>(18).fill(0.1), 1000, 1000), 1000);
  expect(shape.p95At(10)).toBeCloseTo(30, 1);
});
