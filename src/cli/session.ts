/**
 * One data plane from start to end, with its reporter: shared by run, dev and demo.
 *
 * **Invariants** (test/integration/cli-run.test.ts)
 * - A first interruption drains, a second one stops; neither depends on the data plane answering.
 * - The reporter is closed exactly once, also when the data plane dies.
 */

import type { Failure } from './failure.ts';
import { DataPlane, type PlaneEnd } from './plane/data-plane-handle.ts';
import type { FromPlane, PlaneTask, Start } from './plane/protocol.ts';
import type { Reporter } from './reporter.ts';
import { BUSY_MS } from './view/frame.ts';

export interface SessionOptions {
  readonly task: PlaneTask;
  /** Made once the flow has started, or has failed to: `start` is null then. */
  readonly reporter: (start: Start | null) => Reporter;
  /** Ends the intake after this time, ms. */
  readonly durationMs?: number | undefined;
  readonly drainTimeoutMs?: number | undefined;
  /** Sees each message after the reporter. */
  readonly onMessage?: (message: FromPlane) => void;
}

/** How long the engine's own drain may take by default, and what is added before the thread is ended, ms. */
const DEFAULT_DRAIN_MS = 25_000;
const DRAIN_GRACE_MS = 2000;
/** How often the silence of the data plane is looked at, ms. */
const WATCH_MS = 250;

export class Session {
  readonly ended: Promise<PlaneEnd>;
  readonly plane: DataPlane;
  readonly #options: SessionOptions;
  #isDraining = false;
  #reporter: Reporter | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { task, durationMs } = options;
    this.plane = new DataPlane(task, {
      message: (message) => this.#hear(message),
      output: (stream, chunk) => this.#report().output(stream, chunk),
    });
    const watch = setInterval(() => this.#watch(), WATCH_MS);
    const limit = durationMs === undefined ? undefined : setTimeout(() => this.drain(), durationMs);
    this.ended = this.plane.ended.then((end) => {
      clearInterval(watch);
      clearTimeout(limit);
      clearTimeout(this.#deadline);
      this.#conclude(end);
      return end;
    });
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Ends the intake and finishes what was accepted; stops hard when that takes too long. Idempotent. */
  drain(timeoutMs: number | undefined = this.#options.drainTimeoutMs): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.plane.drain(timeoutMs);
    this.#deadline = setTimeout(() => this.stop(), (timeoutMs ?? DEFAULT_DRAIN_MS) + DRAIN_GRACE_MS);
  }

  stop(): void {
    this.plane.stop();
  }

  #hear(message: Exclude<FromPlane, { type: 'summary' }>): void {
    switch (message.type) {
      case 'started':
        this.#report(message).started(message.flow, message.targets);
        break;
      case 'snapshot':
        this.#report().snapshot(message.snapshot);
        break;
      case 'state':
        this.#report().state(message.state);
        break;
      case 'notice':
        this.#report().notice(message.notice);
        break;
      case 'decision':
        this.#report().decision(message.decision);
        break;
      case 'outcome':
        this.#report().outcome(message.decision);
        break;
      case 'failed':
        break; // `#conclude` tells it
    }
    this.#options.onMessage?.(message);
  }

  #report(start: Start | null = null): Reporter {
    this.#reporter ??= this.#options.reporter(start);
    return this.#reporter;
  }

  #watch(): void {
    const ms = this.plane.silentMs;
    if (ms >= BUSY_MS) this.#reporter?.silent(ms);
  }

  #conclude(end: PlaneEnd): void {
    const reporter = this.#report();
    try {
      if (end.kind === 'summary') reporter.summary(end.summary, end.letters);
      else if (end.kind === 'stopped') reporter.failed(STOPPED, null);
      else if (end.failure.kind !== 'output-closed') reporter.failed(end.failure, end.letters);
    } finally {
      reporter.close();
    }
  }
}

const STOPPED: Failure = {
  kind: 'failed',
  message: 'stopped at once: what was not confirmed yet is not acknowledged to its source',
};
