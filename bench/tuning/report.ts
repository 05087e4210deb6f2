/** Rows and sums of scores, for people. */

import { sampleOf } from '../harness/index.ts';
import type { PhaseScore, Score } from './judge.ts';
import type { Scenario } from './scenario.ts';

/** One phase of one plant under one law, over all seeds. */
export interface Row {
  readonly scenario: Scenario;
  readonly phase: number;
  readonly law: string;
  readonly scores: readonly Score[];
}

export function rowsOf(scenario: Scenario, law: string, scores: readonly Score[]): Row[] {
  const phases = scores[0]?.phases.length ?? 0;
  return Array.from({ length: phases }, (_, phase) => ({ scenario, phase, law, scores }));
}

/** A figure of each seed. */
export function valuesOf({ scores, phase }: Row, figure: (score: PhaseScore) => number): number[] {
  return scores.map((score) => figure(score.phases[phase] as PhaseScore));
}

/** Worst seed: the lowest throughput over the best fixed; one that misses the target counts less, by the square. */
export function gainOf({ throughput, p95, goodput, goodputOfBest }: PhaseScore, isOpen: boolean): number {
  if (isOpen) return goodput / Math.max(1e-9, goodputOfBest);
  return throughput / Math.max(1, p95 / 1.03) ** 2;
}

export const isOpen = ({ scenario }: Row): boolean => scenario.plant.arrivals !== 'saturating';

const HEAD = [
  'plant',
  'law',
  'gain',
  'worst',
  'p95/T',
  'worst',
  'good',
  'cost',
  'conv',
  'over',
  'viol',
  'refus',
  'b',
  'n',
  'cv b',
  'cv n',
  'rev',
  'step',
];

export function tableOfRows(rows: readonly Row[]): string {
  return aligned([HEAD, ...rows.map(cells)]);
}

function cells(row: Row): string[] {
  const { scenario, phase, law, scores } = row;
  const median = (figure: (score: PhaseScore) => number): number => sampleOf(valuesOf(row, figure)).median;
  const gains = sampleOf(valuesOf(row, (score) => gainOf(score, isOpen(row))));
  const p95s = sampleOf(valuesOf(row, ({ p95 }) => p95));
  const conv = sampleOf(valuesOf(row, ({ convergencePeriods }) => convergencePeriods ?? 9999));
  const many = (scores[0]?.phases.length ?? 1) > 1;
  const mean = (figure: (score: Score) => number): number =>
    scores.reduce((sum, score) => sum + figure(score), 0) / scores.length;
  return [
    many ? `${scenario.plant.name}/${phase + 1}` : scenario.plant.name,
    law,
    gains.median.toFixed(3),
    gains.low.toFixed(3),
    p95s.median.toFixed(2),
    p95s.high.toFixed(2),
    median(({ goodput }) => goodput).toFixed(3),
    median(({ cost }) => cost).toFixed(2),
    `${periods(conv.median)}/${periods(conv.high)}`,
    median((score) => score.overshoot).toFixed(1),
    `${Math.round(100 * median(({ violations }) => violations))}%`,
    `${(100 * median(({ refused }) => refused)).toFixed(1)}%`,
    String(Math.round(median(({ batchLimit }) => batchLimit))),
    String(Math.round(median(({ concurrency }) => concurrency))),
    mean(({ knobs }) => knobs.batchLimit.cv).toFixed(2),
    mean(({ knobs }) => knobs.concurrency.cv).toFixed(2),
    mean(({ knobs }) => knobs.batchLimit.reversalsPerMin + knobs.concurrency.reversalsPerMin).toFixed(0),
    mean(({ stepMs }) => stepMs.mean).toFixed(2),
  ];
}

const periods = (value: number): string => (value >= 4000 ? '-' : String(Math.round(value)));

/** Medians and worst of each group and law. */
export function tableOfGroups(rows: readonly Row[]): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.scenario.group}\0${row.law}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const lines = [...groups].map(([key, members]) => {
    const [group = '', law = ''] = key.split('\0');
    const gains = members.map((row) => sampleOf(valuesOf(row, (score) => gainOf(score, isOpen(row)))));
    const p95s = members.map((row) => sampleOf(valuesOf(row, ({ p95 }) => p95)).median);
    const medians = sampleOf(gains.map(({ median }) => median));
    return [
      group,
      law,
      String(members.length),
      medians.median.toFixed(3),
      medians.low.toFixed(3),
      Math.min(...gains.map(({ low }) => low)).toFixed(3),
      Math.max(...p95s).toFixed(2),
    ];
  });
  return aligned([['group', 'law', 'rows', 'median', 'worst', 'worst seed', 'p95/T'], ...lines]);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
}
