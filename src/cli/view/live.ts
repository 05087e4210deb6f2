/** The live view: frames on a terminal, what the flow prints above them. */

import type { Colors } from './colors.ts';
import type { DecisionRecord } from '../../control/decision-record.ts';
import type { Notice, RunSummary } from '../../flow/run.ts';
import type { FlowSnapshot, RunState } from '../../metrics/snapshot.ts';
import type { Targets } from '../../metrics/targets.ts';
import { renderFailure, type Failure } from '../failure.ts';
import type { DeadLetterFile } from '../plane/protocol.ts';
import type { Output } from '../output.ts';
import type { Reporter } from '../reporter.ts';
import { renderFrame } from './frame.ts';
import { History, type LogEntry } from './history.ts';
import { summaryLines } from './summary.ts';
import { Terminal } from './terminal.ts';

export interface LiveOptions {
  /** The terminal. */
  readonly screen: Output;
  /** What the flow itself prints on stdout; a terminal too, or a pipe. */
  readonly data: Output;
  readonly colors: Colors;
}

export class LiveReporter implements Reporter {
  readonly history: History = new History();
  phase: string | undefined;
  readonly #options: LiveOptions;
  readonly #terminal: Terminal;
  #targets: Targets | null = null;
  #last: FlowSnapshot | undefined;
  #silentMs = 0;
  #footer: string | undefined = 'Ctrl-C drains and ends';

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#terminal = new Terminal(options.screen);
  }

  started(_flow: string, targets: Targets | null): void {
    this.#targets = targets;
  }

  snapshot(snapshot: FlowSnapshot): void {
    this.#last = snapshot;
    this.#silentMs = 0;
    this.history.add(snapshot);
    this.redraw();
  }

  state(state: RunState): void {
    if (state !== 'draining') return;
    this.log('info', 'draining: no more intake, what was accepted is finished');
    this.#footer = 'Ctrl-C again stops at once';
  }

  notice({ level, message }: Notice): void {
    this.log(level, message);
  }

  decision({ kind, sentence }: DecisionRecord): void {
    this.log(kind === 'revert' ? 'warn' : 'info', sentence);
  }

  outcome(): void {
    // The figures above show it.
  }

  log(level: LogEntry['level'], message: string): void {
    this.history.note({ atMs: this.#last?.uptimeMs ?? 0, level, message });
    this.redraw();
  }

  silent(ms: number): void {
    this.#silentMs = ms;
    this.redraw();
  }

  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    if (stream === 'stdout' && this.#options.data.isTTY !== true) this.#options.data.write(chunk);
    else this.#terminal.above(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('utf8'));
  }

  summary(summary: RunSummary, letters: DeadLetterFile | null): void {
    this.finish(summaryLines(summary, letters, this.#options.colors));
  }

  failed(failure: Failure): void {
    this.finish(renderFailure(failure, this.#options.colors));
  }

  /** The last frame, without the hint at its end, and lines below it. */
  finish(lines: readonly string[]): void {
    this.#footer = undefined;
    this.#silentMs = 0;
    this.redraw();
    this.#terminal.close();
    const space = this.#last === undefined ? '' : '\n';
    this.#options.screen.write(`${space}${lines.map((line) => `${line}\n`).join('')}`);
    this.#last = undefined;
  }

  close(): void {
    this.#terminal.close();
  }

  redraw(): void {
    if (this.#last === undefined) return;
    const extras = {
      colors: this.#options.colors,
      targets: this.#targets,
      phase: this.phase,
      silentMs: this.#silentMs,
      footer: this.#footer,
    };
    this.#terminal.draw(renderFrame(this.#last, this.history, this.#terminal, extras));
  }
}
