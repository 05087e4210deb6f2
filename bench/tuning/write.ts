/** docs/tuning/results.md, from a run. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMet } from '../harness/target.ts';
import { machineFacts, commitOf } from '../harness/machine.ts';
import type { Gate } from './gates.ts';
import { groupTable, markdown, rowTable, type Row } from './report.ts';
import { root } from './root.ts';

export interface Results {
  /** Of the judged law. */
  readonly rows: readonly Row[];
  readonly statics: readonly Row[];
  /** Of all laws. */
  readonly all: readonly Row[];
  readonly gates: readonly Gate[];
  readonly seeds: number;
  /** A few plants of all. */
  readonly isQuick: boolean;
}

export function writeResults({ rows, statics, all, gates, seeds, isQuick }: Results): void {
  const { cpu, cores, node } = machineFacts();
  const text = `# Results

Written by \`npm run bench:tuning -- --write${isQuick ? ' --quick' : ''}\` at ${commitOf() ?? 'no commit'} (${cpu}, ${cores} cores, Node.js ${node}; only the CPU figures depend on the machine), ${seeds} seeds, at most 3 of the baselines.
How it is measured: [measuring](measuring.md).${isQuick ? QUICK : ''}

Runs on a plant whose calls take five times as long between 20 and 50 s, on one that is limited in calls per
second, and on one with a load that comes and goes: [slowdown](plots/slowdown.svg), [limit](plots/limit.svg), [load](plots/load.svg).

## Targets

${markdown([['', 'measure', 'measured', 'target', ''], ...gates.map(gateRow)])}

## By group

Gain: throughput over that of the best fixed settings with the same seed; beyond 1.03 of the target it counts less, by the
square. Open arrivals: goodput over theirs. Median of the rows (each the median of its seeds), worst row, worst single run; then
the worst row's p95 over the target, the median convergence in control periods of 100 ms, and the worst row's share of windows above 1.05 of the target.

${markdown(groupTable(all))}

## Every plant

${markdown(rowTable(rows, statics))}
`;
  writeFileSync(join(root, 'docs/tuning/results.md'), text);
}

const QUICK = `

**This was a quick run: a few plants of the hundred, chosen for what they differ in and not for how they end. It says which
targets are missed, not which are met everywhere.**`;

function gateRow(gate: Gate): string[] {
  const { name, metric, unit, comparison, target, measured } = gate;
  const met = isMet(gate, measured) ? 'met' : '**missed**';
  return [name, metric, `${rounded(measured)}${unit === '' ? '' : ` ${unit}`}`, `${comparison} ${target}`, met];
}

function rounded(value: number): string {
  return value >= 1000 ? 'never' : String(Number(value.toPrecision(3)));
}
