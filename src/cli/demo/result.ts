/** What the demo found, as a document and as lines for people. */

import { availableParallelism } from 'node:os';
import { formatMs, formatRate } from '../../metrics/format.ts';
import type { FlowSnapshot } from '../../metrics/snapshot.ts';
import type { SystemMetrics } from '../../metrics/system-metrics.ts';
import type { Colors } from '../view/colors.ts';
import type { Held } from './search.ts';

export interface DemoResult {
  readonly type: 'summary';
  /** From the start of the process to the start of the demo, ms: Node itself, and set-up where there was any to do. */
  readonly setUpMs: number;
  /** From the start of the demo to the first figure on the screen, ms. */
  readonly firstNumberMs: number | null;
  /** From the start of the demo until all five targets were met for the first time, ms. */
  readonly allGreenMs: number | null;
  /** Highest rate held within the targets, events per second; null when none was. */
  readonly maxRate: number | null;
  /** At that rate; else the last ones. */
  readonly metrics: SystemMetrics | null;
  readonly verdicts: FlowSnapshot['verdicts'] | null;
  readonly bottleneck: FlowSnapshot['bottleneck'] | null;
  readonly accepted: number;
  readonly confirmed: number;
  readonly durationMs: number;
  readonly cores: number;
  readonly node: string;
}

export interface DemoFacts {
  readonly setUpMs: number;
  readonly firstNumberMs: number | undefined;
  readonly allGreenMs: number | undefined;
  readonly held: Held | undefined;
  readonly last: FlowSnapshot | undefined;
  /** What held the flow up when a rate was not held. */
  readonly limit: FlowSnapshot | undefined;
}

export function demoResult({ setUpMs, firstNumberMs, allGreenMs, held, last, limit }: DemoFacts): DemoResult {
  const shown = held?.snapshot ?? last;
  return {
    type: 'summary',
    setUpMs: Math.round(setUpMs),
    firstNumberMs: firstNumberMs === undefined ? null : Math.round(firstNumberMs),
    allGreenMs: allGreenMs === undefined ? null : Math.round(allGreenMs),
    maxRate: held === undefined ? null : Math.round(held.rate),
    metrics: shown?.system ?? null,
    verdicts: shown?.verdicts ?? null,
    bottleneck: (limit ?? shown)?.bottleneck ?? null,
    accepted: last?.totals.accepted ?? 0,
    confirmed: last?.totals.confirmed ?? 0,
    durationMs: Math.round(last?.uptimeMs ?? 0),
    cores: availableParallelism(),
    node: process.version,
  };
}

export function resultLines(result: DemoResult, colors: Colors): string[] {
  const { maxRate, metrics, bottleneck, cores, node, firstNumberMs, allGreenMs } = result;
  const machine = `${cores} ${cores === 1 ? 'core' : 'cores'}, Node ${node}, flow and load on one thread`;
  const lines: string[] = [];
  if (maxRate === null || metrics === null) {
    lines.push(`${colors.yellow('no rate was held within all targets')} on this machine: ${machine}`);
  } else {
    const { avg, p95 } = metrics.response_time;
    lines.push(
      `${colors.bold(colors.green(formatRate(maxRate)))} held within the targets: average ${formatMs(avg)}, p95 ${formatMs(p95)}`,
      `on ${machine}`,
    );
  }
  if (bottleneck !== null && bottleneck.kind !== 'none') {
    lines.push(`above that: ${bottleneck.reason}`);
  }
  lines.push(
    `first figure after ${formatMs(firstNumberMs)}, all targets met after ${allGreenMs === null ? 'never' : formatMs(allGreenMs)}`,
    '',
    `next: ${colors.cyan('npx daoflow init')}   writes a first flow of your own`,
  );
  return lines;
}
