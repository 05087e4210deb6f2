/** One JSON object per second and a last one, for programs. */

import type { DecisionRecord } from '../../control/decision-record.ts';
import type { Notice, RunSummary } from '../../flow/run.ts';
import type { FlowSnapshot, RunState } from '../../metrics/snapshot.ts';
import type { Failure } from '../failure.ts';
import type { DeadLetterFile } from '../plane/protocol.ts';
import type { Output } from '../output.ts';
import type { Reporter } from '../reporter.ts';

const EVERY_MS = 1000;

export interface JsonOptions {
  /** The JSON lines. */
  readonly data: Output;
  /** What the flow itself prints: never between the JSON lines. */
  readonly status: Output;
}

export class JsonReporter implements Reporter {
  readonly #options: JsonOptions;
  #nextMs = EVERY_MS;
  #last: FlowSnapshot | undefined;

  constructor(options: JsonOptions) {
    this.#options = options;
  }

  started(): void {
    this.#nextMs = EVERY_MS; // the first snapshot names the flow
  }

  snapshot(snapshot: FlowSnapshot): void {
    this.#last = snapshot;
    if (snapshot.uptimeMs < this.#nextMs) return;
    this.#nextMs = (Math.floor(snapshot.uptimeMs / EVERY_MS) + 1) * EVERY_MS;
    this.#line({ type: 'snapshot', ...secondOf(snapshot), ...snapshot });
  }

  state(state: RunState): void {
    this.#line({ type: 'state', state });
  }

  notice(notice: Notice): void {
    this.#line({ type: 'notice', ...notice });
  }

  decision(decision: DecisionRecord): void {
    this.#line({ type: 'decision', ...decision });
  }

  outcome(decision: DecisionRecord): void {
    this.#line({ type: 'outcome', ...decision });
  }

  silent(): void {
    // A program sees the gap.
  }

  output(_stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    this.#options.status.write(chunk);
  }

  summary(summary: RunSummary, letters: DeadLetterFile | null): void {
    const last = this.#last;
    this.#line({
      type: 'summary',
      ...summary,
      deadLetterFile: letters?.path ?? null,
      verdicts: last?.verdicts ?? null,
      bottleneck: last?.bottleneck ?? null,
    });
  }

  failed(failure: Failure, letters: DeadLetterFile | null): void {
    this.#line({ type: 'failed', ...failure, deadLetterFile: letters?.path ?? null });
  }

  close(): void {
    // Nothing is held.
  }

  #line(value: Readonly<Record<string, unknown>>): void {
    this.#options.data.write(`${JSON.stringify(value)}\n`);
  }
}

/** Seconds since the start, and the metrics under their own name. */
function secondOf(snapshot: FlowSnapshot): Readonly<Record<string, unknown>> {
  return { t: Math.round(snapshot.uptimeMs) / 1000, metrics: snapshot.system };
}
