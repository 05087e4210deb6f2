/** What a law must reach, from the rows that ran. */

import { atLeast, atMost, type Comparison } from '../harness/index.ts';
import type { PhaseScore, Score } from './judge.ts';
import { gainOf, isOpen, medianOf, valuesOf, type Row } from './report.ts';
import type { Asks } from './scenario.ts';

/** One target with what was measured. */
export interface Gate {
  readonly name: string;
  readonly metric: string;
  readonly unit: string;
  readonly comparison: Comparison;
  readonly target: number;
  readonly measured: number;
}

type Bound = Pick<Gate, 'comparison' | 'target'>;

/** @param rows - of the judged law; @param statics - of the static default, in the same order */
export function gatesOf(rows: readonly Row[], statics: readonly Row[]): Gate[] {
  const saturated = rows.filter((row) => !isOpen(row) && !isForeignKind(row));
  const inFamily = saturated.filter(({ scenario }) => scenario.plant.inFamily === true);
  const outOfFamily = saturated.filter(({ scenario }) => scenario.plant.inFamily !== true);
  return [
    ...regret('in family', inFamily, 0.02, 0.05),
    ...regret('out of family', outOfFamily, 0.04, 0.1),
    ...againstStatic(rows, statics),
    ...latency(rows),
    gate(
      'all',
      'CPU of one step, mean',
      'ms',
      atMost(1),
      Math.max(...rows.flatMap(({ scores }) => scores.map(({ stepMs }) => stepMs.mean))),
    ),
    ...asked(rows),
  ];
}

/** Vector's sets leave only concurrency to tune, and what shares a plant is more than a stage: they stand for themselves. */
const isForeignKind = ({ scenario }: Row): boolean =>
  scenario.group.startsWith('Vector') || scenario.flow !== undefined || scenario.instances !== undefined;

/** Some settings keep the target. */
const isFeasible = ({ scores, phase }: Row): boolean =>
  scores.every(({ phases }) => phases[phase]?.isFeasible === true);

const gate = (name: string, metric: string, unit: string, bound: Bound, measured: number): Gate => ({
  name,
  metric,
  unit,
  ...bound,
  measured,
});

function regret(name: string, rows: readonly Row[], median: number, worst: number): Gate[] {
  if (rows.length === 0) return [];
  const regrets = rows.map((row) => 1 - medianOf(row, (score) => gainOf(score, false)));
  const worsts = rows.flatMap((row) => valuesOf(row, (score) => 1 - gainOf(score, false)));
  return [
    gate(name, 'regret, median', '', atMost(median), middle(regrets)),
    gate(name, 'regret, worst row', '', atMost(worst), Math.max(...regrets)),
    gate(name, 'regret, worst run', '', atMost(worst), Math.max(...worsts)),
  ];
}

/** Seed by seed, with the same arrivals and the same noise. */
function againstStatic(rows: readonly Row[], statics: readonly Row[]): Gate[] {
  if (statics.length !== rows.length) return [];
  const ratios = rows.map((row, i) => {
    const gains = (of: Row): number => medianOf(of, (score) => gainOf(score, isOpen(row)));
    return gains(row) / Math.max(1e-9, gains(statics[i] as Row));
  });
  return [gate('all', 'gain over the static default, worst row', 'x', atLeast(1), Math.min(...ratios))];
}

function latency(rows: readonly Row[]): Gate[] {
  const feasible = rows.filter(isFeasible);
  if (feasible.length === 0) return [];
  const p95 = Math.max(...feasible.map((row) => medianOf(row, (score) => score.p95)));
  return [gate('all', 'p95 over target where feasible, worst row', 'x', atMost(1.03), p95)];
}

/** How a row's ask is measured, and which way. Throughput regret is in the general gates too; here each group has its own. */
const ASKS: Readonly<
  Record<
    keyof Asks,
    {
      metric: string;
      unit: string;
      least?: boolean;
      of: (score: PhaseScore, all: Score, phase: number) => number | undefined;
    }
  >
> = {
  throughput: { metric: 'throughput over best fixed', unit: 'x', least: true, of: (score) => gainOf(score, false) },
  goodput: { metric: 'goodput', unit: '', least: true, of: ({ goodput }) => goodput },
  convergencePeriods: {
    metric: 'convergence',
    unit: 'periods',
    of: (score, _, phase) => (phase === 0 ? periods(score) : undefined),
  },
  reconvergencePeriods: {
    metric: 're-convergence',
    unit: 'periods',
    of: (score, _, phase) => (phase === 0 ? undefined : periods(score)),
  },
  secondsFarOver: {
    metric: 'time above 3 targets after a change',
    unit: 's',
    of: (score, _, phase) => (phase === 0 ? undefined : score.secondsFarOver),
  },
  violations: { metric: 'windows over target', unit: '', of: ({ violations }) => violations },
  concurrencyCv: { metric: 'cv of concurrency', unit: '', of: (_, { knobs }) => knobs.concurrency.cv },
  refused: { metric: 'calls refused', unit: '', of: ({ refused }) => refused },
  cost: { metric: 'work per event over the cheapest', unit: 'x', of: ({ cost }) => cost },
  p95: { metric: 'p95 over target', unit: 'x', of: ({ p95 }) => p95 },
  fairness: { metric: 'fairness', unit: '', least: true, of: ({ fairness }) => fairness },
  turns: {
    metric: 'reversals',
    unit: '/min',
    of: (_, { knobs }) => Math.max(knobs.batchLimit.reversalsPerMin, knobs.concurrency.reversalsPerMin),
  },
  p95OfBest: { metric: 'p95 over best fixed', unit: 'x', of: ({ p95OfBest }) => p95OfBest },
};

/** Of each group, the worst row's median. */
function asked(rows: readonly Row[]): Gate[] {
  const gates = new Map<string, Gate>();
  for (const row of rows) {
    for (const [name, target] of Object.entries(row.scenario.asks ?? {}) as [keyof Asks, number][]) {
      const { metric, unit, least = false, of } = ASKS[name];
      const values = row.scores.flatMap((score) => of(score.phases[row.phase] as PhaseScore, score, row.phase) ?? []);
      if (values.length === 0) continue;
      const measured = middle(values);
      const key = `${row.scenario.group} ${name} ${target}`;
      const before = gates.get(key)?.measured ?? measured;
      const worst = least ? Math.min(before, measured) : Math.max(before, measured);
      gates.set(key, gate(row.scenario.group, `${metric}, worst row`, unit, (least ? atLeast : atMost)(target), worst));
    }
  }
  return [...gates.values()];
}

const NEVER = 9999;
const periods = ({ convergencePeriods }: PhaseScore): number => convergencePeriods ?? NEVER;

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] as number) + (sorted[Math.ceil(at)] as number)) / 2;
}
