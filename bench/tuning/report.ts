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

export function nameOf({ scenario, phase, scores }: Row): string {
  return (scores[0]?.phases.length ?? 1) > 1 ? `${scenario.plant.name}/${phase + 1}` : scenario.plant.name;
}

/** A figure of each seed. */
export function valuesOf({ scores, phase }: Row, figure: (score: PhaseScore) => number): number[] {
  return scores.map((score) => figure(score.phases[phase] as PhaseScore));
}

export function medianOf(row: Row, figure: (score: PhaseScore) => number): number {
  return sampleOf(valuesOf(row, figure)).median;
}

/**
 * Saturating: throughput over that of the best fixed settings; beyond 1.03 of the target it counts less, by the
 * square. Open arrivals: goodput over that of the best fixed settings.
 */
export function gainOf({ throughput, p95, goodput, goodputOfBest, isFeasible }: PhaseScore, isOpen: boolean): number {
  if (!isOpen) return throughput / Math.max(1, p95 / 1.03) ** 2;
  // Where no settings are in time, what counts is that nothing is held up.
  return isFeasible ? goodput / Math.max(1e-9, goodputOfBest) : Math.min(1, throughput);
}

export const isOpen = ({ scenario }: Row): boolean => scenario.plant.arrivals !== 'saturating';

const gainsOf = (row: Row): number[] => valuesOf(row, (score) => gainOf(score, isOpen(row)));

const NEVER = 9999;

/** Columns of a row; the unit of conv is control periods, of step ms. */
const COLUMNS: readonly (readonly [string, (row: Row, statics: Row | undefined) => string])[] = [
  ['plant', nameOf],
  ['law', ({ law }) => law],
  ['gain', (row) => sampleOf(gainsOf(row)).median.toFixed(3)],
  ['worst', (row) => sampleOf(gainsOf(row)).low.toFixed(3)],
  ['static', (_, statics) => (statics === undefined ? '' : sampleOf(gainsOf(statics)).median.toFixed(3))],
  ['p95/T', (row) => medianOf(row, ({ p95 }) => p95).toFixed(2)],
  ['worst', (row) => Math.max(...valuesOf(row, ({ p95 }) => p95)).toFixed(2)],
  ['good', (row) => medianOf(row, ({ goodput }) => goodput).toFixed(3)],
  ['cost', (row) => medianOf(row, ({ cost }) => cost).toFixed(2)],
  ['conv', (row) => periods(medianOf(row, convergence))],
  ['worst', (row) => periods(Math.max(...valuesOf(row, convergence)))],
  ['over', (row) => medianOf(row, ({ overshoot }) => overshoot).toFixed(1)],
  [
    'viol',
    (row) =>
      percent(
        medianOf(row, ({ violations }) => violations),
        0,
      ),
  ],
  [
    'refused',
    (row) =>
      percent(
        medianOf(row, ({ refused }) => refused),
        1,
      ),
  ],
  ['b', (row) => medianOf(row, ({ batchLimit }) => batchLimit).toFixed(0)],
  ['n', (row) => medianOf(row, ({ concurrency }) => concurrency).toFixed(0)],
  ['cv b', ({ scores }) => meanOf(scores, ({ knobs }) => knobs.batchLimit.cv).toFixed(2)],
  ['cv n', ({ scores }) => meanOf(scores, ({ knobs }) => knobs.concurrency.cv).toFixed(2)],
  [
    'turns',
    ({ scores }) =>
      meanOf(scores, ({ knobs }) => knobs.batchLimit.reversalsPerMin + knobs.concurrency.reversalsPerMin).toFixed(0),
  ],
  ['step', ({ scores }) => meanOf(scores, ({ stepMs }) => stepMs.mean).toFixed(2)],
  ['p95', ({ scores }) => meanOf(scores, ({ stepMs }) => stepMs.p95).toFixed(2)],
];

export function rowTable(rows: readonly Row[], statics: readonly Row[]): string[][] {
  const sameRow = (row: Row): Row | undefined => statics.find((one) => nameOf(one) === nameOf(row));
  return [COLUMNS.map(([head]) => head), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row, sameRow(row))))];
}

/** Medians and worst of each group and law. */
export function groupTable(rows: readonly Row[]): string[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.scenario.group}\0${row.law}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const lines = [...groups].map(([key, members]) => {
    const [group = '', law = ''] = key.split('\0');
    const medians = sampleOf(members.map((row) => sampleOf(gainsOf(row)).median));
    const converged = members.map((row) => medianOf(row, convergence));
    return [
      group,
      law,
      String(members.length),
      medians.median.toFixed(3),
      medians.low.toFixed(3),
      Math.min(...members.flatMap(gainsOf)).toFixed(3),
      Math.max(...members.map((row) => medianOf(row, ({ p95 }) => p95))).toFixed(2),
      periods(sampleOf(converged).median),
      percent(Math.max(...members.map((row) => medianOf(row, ({ violations }) => violations))), 0),
    ];
  });
  return [['group', 'law', 'rows', 'gain', 'worst row', 'worst run', 'p95/T', 'conv', 'viol'], ...lines];
}

export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const cell = (text: string, i: number): string =>
    i < 2 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0);
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

export function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i < 2 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

function convergence({ convergencePeriods }: PhaseScore): number {
  return convergencePeriods ?? NEVER;
}

const periods = (value: number): string => (value > NEVER / 2 ? '-' : value.toFixed(0));
const percent = (share: number, digits: number): string => `${(100 * share).toFixed(digits)}%`;

function meanOf(scores: readonly Score[], figure: (score: Score) => number): number {
  return scores.reduce((sum, score) => sum + figure(score), 0) / scores.length;
}
