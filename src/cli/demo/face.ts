/** The demo's face: the usual reporters, plus the steps of the search and the result. */

import type { DecisionRecord } from '../../control/decision-record.ts';
import type { Notice } from '../../flow/run.ts';
import type { FlowSnapshot, RunState } from '../../metrics/snapshot.ts';
import { clock } from '../view/frame.ts';
import { colorsFor, type Colors } from '../view/colors.ts';
import { LiveReporter } from '../view/live.ts';
import { statusLine } from '../view/plain.ts';
import type { Failure } from '../failure.ts';
import { renderFailure } from '../failure.ts';
import type { Reporter } from '../reporter.ts';
import type { Targets } from '../../metrics/targets.ts';
import type { DemoCommandOptions } from '../command-options.ts';
import { demoResult, resultLines } from './result.ts';
import type { RateSearch, SearchStep } from './search.ts';

const EVERY_MS = 1000;

export class DemoFace implements Reporter {
  readonly #search: RateSearch;
  readonly #colors: Colors = colorsFor(process.stdout, process.env);
  readonly #live: LiveReporter | undefined;
  readonly #isJson: boolean;
  readonly #setUpMs: number;
  #nextMs = 0;
  #firstNumberMs: number | undefined;
  #allGreenMs: number | undefined;
  #last: FlowSnapshot | undefined;
  #limit: FlowSnapshot | undefined;

  /** @param setUpMs - from the start of the process to the start of the demo */
  constructor(options: DemoCommandOptions, search: RateSearch, setUpMs: number) {
    this.#search = search;
    this.#setUpMs = setUpMs;
    this.#isJson = options.json === true;
    const isLive = !this.#isJson && options.plain !== true && process.stdout.isTTY && process.env['TERM'] !== 'dumb';
    this.#live = isLive
      ? new LiveReporter({ screen: process.stdout, data: process.stderr, colors: this.#colors })
      : undefined;
  }

  started(flow: string, targets: Targets | null): void {
    this.#live?.started(flow, targets);
    this.#say('info', 'offline: a made-up load and a made-up database, a real flow between them');
  }

  snapshot(snapshot: FlowSnapshot): void {
    this.#last = snapshot;
    this.#live?.snapshot(snapshot);
  }

  /** After each step of the search. @param nowMs - since the start of the demo */
  stepped(step: SearchStep, snapshot: FlowSnapshot, nowMs: number): void {
    if (snapshot.system.throughput.eps > 0 && snapshot.system.response_time.p95 !== null) this.#firstNumberMs ??= nowMs;
    if (this.#search.allGreenAtMs !== undefined) this.#allGreenMs ??= nowMs;
    if (step.notes.some((note) => note.level === 'warn')) this.#limit = snapshot;
    if (this.#live !== undefined) this.#live.phase = step.phase;
    for (const { level, message } of step.notes) this.#say(level, message);
    if (this.#live !== undefined || snapshot.uptimeMs < this.#nextMs) return;
    this.#nextMs = (Math.floor(snapshot.uptimeMs / EVERY_MS) + 1) * EVERY_MS;
    if (this.#isJson) this.#json(secondOf(snapshot, step));
    else process.stdout.write(`${statusLine(snapshot)}  (${step.phase})\n`);
  }

  state(state: RunState): void {
    if (this.#live !== undefined && state === 'draining') this.#live.phase = undefined;
  }

  notice({ level, message }: Notice): void {
    this.#say(level, message);
  }

  decision(decision: DecisionRecord): void {
    if (this.#isJson) this.#json({ type: 'decision', ...decision });
    else this.#say(decision.kind === 'revert' ? 'warn' : 'info', decision.sentence);
  }

  outcome(decision: DecisionRecord): void {
    if (this.#isJson) this.#json({ type: 'outcome', ...decision });
  }

  silent(ms: number): void {
    this.#live?.silent(ms);
  }

  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    if (this.#live === undefined) process.stderr.write(chunk);
    else this.#live.output(stream, chunk);
  }

  summary(): void {
    const result = demoResult({
      setUpMs: this.#setUpMs,
      firstNumberMs: this.#firstNumberMs,
      allGreenMs: this.#allGreenMs,
      held: this.#search.held,
      last: this.#last,
      limit: this.#limit,
    });
    if (this.#isJson) this.#json({ ...result });
    else this.#finish(resultLines(result, this.#colors));
  }

  failed(failure: Failure): void {
    if (this.#isJson) this.#json({ type: 'failed', ...failure });
    else this.#finish(renderFailure(failure, this.#colors));
  }

  close(): void {
    this.#live?.close();
  }

  #finish(lines: readonly string[]): void {
    if (this.#live !== undefined) this.#live.finish(lines);
    else process.stdout.write(`\n${lines.join('\n')}\n`);
  }

  #say(level: 'info' | 'warn' | 'good', message: string): void {
    if (this.#live !== undefined) this.#live.log(level, message);
    else if (!this.#isJson) process.stdout.write(`${clock(this.#last?.uptimeMs ?? 0).padStart(5)}  ${message}\n`);
  }

  #json(value: Readonly<Record<string, unknown>>): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }
}

function secondOf(snapshot: FlowSnapshot, step: SearchStep): Readonly<Record<string, unknown>> {
  return {
    type: 'second',
    t: Math.round(snapshot.uptimeMs) / 1000,
    rate: Math.round(step.rate),
    phase: step.phase,
    metrics: snapshot.system,
    verdicts: snapshot.verdicts,
    bottleneck: snapshot.bottleneck,
    totals: snapshot.totals,
  };
}
