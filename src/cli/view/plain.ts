/** Plain lines, for logs and pipes: one a second at most, and one at each change of state. */

import type { Colors } from './colors.ts';
import type { DecisionRecord } from '../../control/decision-record.ts';
import type { Notice, RunSummary } from '../../flow/run.ts';
import { formatCount, formatMs, formatRate, formatRatio } from '../../metrics/format.ts';
import type { FlowSnapshot, RunState } from '../../metrics/snapshot.ts';
import type { TargetName, Verdict } from '../../metrics/targets.ts';
import { renderFailure, type Failure } from '../failure.ts';
import type { DeadLetterFile } from '../plane/protocol.ts';
import type { Output } from '../output.ts';
import type { Reporter } from '../reporter.ts';
import { clock } from './frame.ts';
import { summaryLines } from './summary.ts';

const EVERY_MS = 1000;

export interface PlainOptions {
  /** Status lines, notices and errors. */
  readonly status: Output;
  /** What the flow itself prints on stdout. */
  readonly data: Output;
  readonly colors: Colors;
}

export class PlainReporter implements Reporter {
  readonly #options: PlainOptions;
  #nextMs = EVERY_MS;
  #silentSaidMs = 0;

  constructor(options: PlainOptions) {
    this.#options = options;
  }

  started(): void {
    this.#nextMs = EVERY_MS; // the first line with numbers says enough
  }

  snapshot(snapshot: FlowSnapshot): void {
    this.#silentSaidMs = 0;
    if (snapshot.uptimeMs < this.#nextMs || snapshot.state === 'done') return;
    this.#nextMs = (Math.floor(snapshot.uptimeMs / EVERY_MS) + 1) * EVERY_MS;
    this.line(statusLine(snapshot));
  }

  state(state: RunState): void {
    if (state === 'draining') this.line('draining: no more intake, what was accepted is finished');
  }

  notice({ level, message }: Notice): void {
    this.line(level === 'warn' ? `${this.#options.colors.yellow('warning')} ${message}` : message);
  }

  decision({ sentence }: DecisionRecord): void {
    this.line(`${this.#options.colors.cyan('tuning')} ${sentence}`);
  }

  outcome(): void {
    // The next lines of figures show it.
  }

  silent(ms: number): void {
    if (ms < this.#silentSaidMs + EVERY_MS) return;
    this.#silentSaidMs = ms;
    this.line(`data plane busy for ${(ms / 1000).toFixed(1)} s: the flow's own code holds its thread`);
  }

  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    (stream === 'stdout' ? this.#options.data : this.#options.status).write(chunk);
  }

  summary(summary: RunSummary, letters: DeadLetterFile | null): void {
    for (const line of summaryLines(summary, letters, this.#options.colors)) this.line(line);
  }

  failed(failure: Failure): void {
    for (const line of renderFailure(failure, this.#options.colors)) this.line(line);
  }

  close(): void {
    // Nothing is held.
  }

  line(text: string): void {
    this.#options.status.write(`${text}\n`);
  }
}

/** One line of figures; a figure that misses its target carries a mark. */
export function statusLine(snapshot: FlowSnapshot): string {
  const { system, verdicts, totals, bottleneck, stages } = snapshot;
  const { response_time: time, throughput, resource_utilization: use } = system;
  const marked = (name: TargetName, text: string): string => `${text}${MARK[verdicts[name]]}`;
  const parts = [
    clock(snapshot.uptimeMs).padStart(5),
    marked('throughput', formatRate(throughput.eps)),
    `avg ${marked('avg', formatMs(time.avg))}`,
    `p95 ${marked('p95', formatMs(time.p95))}`,
    `cpu ${marked('cpu', formatRatio(use.cpu === null ? null : use.cpu / 100))}`,
    `mem ${marked('memory', formatRatio(use.memory === null ? null : use.memory / 100))}`,
    `accepted ${formatCount(totals.accepted)}`,
  ];
  if (totals.deadLettered > 0) parts.push(`dead letters ${formatCount(totals.deadLettered)}`);
  if (totals.dropped > 0) parts.push(`dropped ${formatCount(totals.dropped)}`);
  const cut = stages.filter(({ breaker }) => breaker !== 'closed').map(({ name }) => name);
  if (cut.length > 0) parts.push(`breaker open at ${cut.join(', ')}`);
  if (bottleneck.kind !== 'none') parts.push(`held up at ${bottleneck.where}`);
  return parts.join('  ');
}

const MARK: Readonly<Record<Verdict, string>> = { met: '', missed: ' !', critical: ' !!', unknown: '' };
