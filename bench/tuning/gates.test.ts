import { expect, it } from 'vitest';
import { gatesOf } from './gates.ts';
import type { PhaseScore, Score } from './judge.ts';
import { rowsOf, type Row } from './report.ts';
import type { Scenario } from './scenario.ts';
import { jain } from './shared/instances.ts';

const GOOD: PhaseScore = {
  throughput: 0.99,
  p95: 0.95,
  p95OfBest: 1,
  goodput: 1,
  goodputOfBest: 1,
  isFeasible: true,
  cost: 1,
  convergencePeriods: 10,
  overshoot: 1,
  secondsFarOver: 0,
  violations: 0,
  refused: 0,
  fairness: 1,
  batchLimit: 10,
  concurrency: 2,
};

function rowOf(name: string, inFamily: boolean, seeds: readonly Partial<PhaseScore>[], law = 'daoflow'): Row[] {
  const plant = { name, targetMs: 10, arrivals: 'saturating', inFamily, service: () => 1 } as const;
  const scenario: Scenario = { plant, group: 'g', asks: { throughput: 0.97, convergencePeriods: 20 } };
  const calm = { cv: 0, reversalsPerMin: 0 };
  const scores = seeds.map((seed, i): Score => ({
    plant: name,
    seed: i + 1,
    phases: [{ ...GOOD, ...seed }],
    knobs: { batchLimit: calm, concurrency: calm },
    stepMs: { mean: 0.5, p95: 1 },
  }));
  return rowsOf(scenario, law, scores);
}

function measured(rows: readonly Row[], statics: readonly Row[], name: string, metric: string): number | undefined {
  return gatesOf(rows, statics).find((gate) => gate.name === name && gate.metric.startsWith(metric))?.measured;
}

it('takes the median of the rows, the worst row by its median, and the worst single run', () => {
  const rows = [
    ...rowOf('a', true, [{}, {}, {}]),
    ...rowOf('b', true, [{ throughput: 0.9 }, { throughput: 0.96 }, { throughput: 0.98 }]),
    ...rowOf('c', true, [{}, {}, {}]),
    ...rowOf('d', false, [{ throughput: 0.8 }]),
  ];
  expect(measured(rows, [], 'in family', 'regret, median')).toBeCloseTo(0.01);
  expect(measured(rows, [], 'in family', 'regret, worst row')).toBeCloseTo(0.04);
  expect(measured(rows, [], 'in family', 'regret, worst run')).toBeCloseTo(0.1);
  expect(measured(rows, [], 'out of family', 'regret, median')).toBeCloseTo(0.2);
  expect(measured(rows, [], 'g', 'throughput')).toBeCloseTo(0.8);
});

it('counts throughput less where the target is missed, and never as converged what did not converge', () => {
  const rows = rowOf('a', true, [{ p95: 2.06, convergencePeriods: undefined }]);
  expect(measured(rows, [], 'in family', 'regret, median')).toBeCloseTo(1 - 0.99 / 4);
  expect(measured(rows, [], 'all', 'p95')).toBeCloseTo(2.06);
  expect(measured(rows, [], 'g', 'convergence')).toBeGreaterThan(1000);
});

it('asks no target of a row where no settings keep it, but its throughput near the lowest latency', () => {
  const rows = [...rowOf('a', true, [{}]), ...rowOf('b', true, [{ throughput: 0.5, p95: 1.04, isFeasible: false }])];
  const halved = 0.5 / (1.04 / 1.03) ** 2;
  expect(measured(rows, [], 'all', 'p95')).toBeCloseTo(0.95);
  expect(measured(rows, [], 'in family', 'regret, worst row')).toBeCloseTo(1 - halved);
  const statics = [...rowOf('a', true, [{}], 'static'), ...rowOf('b', true, [{ isFeasible: false }], 'static')];
  expect(measured(rows, statics, 'all', 'gain over the static')).toBeCloseTo(halved / 0.99);
});

it('compares with the static default row by row', () => {
  const rows = [...rowOf('a', true, [{}]), ...rowOf('b', true, [{}])];
  const statics = [
    ...rowOf('a', true, [{ throughput: 1.1 }], 'static'),
    ...rowOf('b', true, [{ throughput: 0.1 }], 'static'),
  ];
  expect(measured(rows, statics, 'all', 'gain over the static')).toBeCloseTo(0.9);
});

it('calls a division fair when all have the same', () => {
  expect(jain([5, 5, 5])).toBe(1);
  expect(jain([9, 0, 0])).toBeCloseTo(1 / 3);
});
