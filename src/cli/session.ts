/**
 * One run of a data plane from start to end, with its reporter: shared by run, dev and demo.
 *
 * **Invariants** (test/integration/cli-run.test.ts, cli-supervision.test.ts)
 * - A first interruption drains, a second one stops; neither depends on the data plane answering.
 * - The reporter is closed exactly once, also when the data plane dies.
 * - A thread that dies has a successor only where that goes on from a checkpoint, and only so often, or to come closer to the
 *   event that it died of.
 */

import { performance } from 'node:perf_hooks';
import { placeOf, type Failure } from './failure.ts';
import { notesIn, sharedNotes, type ThreadNotes } from '../host/supervised-thread.ts';
import { Isolation } from './isolation.ts';
import { Lives } from './lives.ts';
import { MemoryWatch } from './memory-watch.ts';
import { DataPlane, type PlaneEnd } from './plane/data-plane-handle.ts';
import { Hold } from './plane/hold.ts';
import type { FromPlane, PlaneTask, Start } from './plane/protocol.ts';
import type { Reporter } from './reporter.ts';
import { shownFailure, shownNotice } from './said.ts';
import { BUSY_MS } from './view/frame.ts';

export interface SessionOptions {
  readonly task: PlaneTask;
  /** Made once the flow has started, or has failed to: `start` is null then. */
  readonly reporter: (start: Start | null) => Reporter;
  /** Ends the intake after this time, ms. */
  readonly durationMs?: number | undefined;
  readonly drainTimeoutMs?: number | undefined;
  /**
   * How long the flow's code may hold its thread, ms: then the thread is ended. With it, a thread that has died is followed by
   * another where the flow has checkpoints. Undefined: for ever, and by none.
   */
  readonly blockTimeoutMs?: number | undefined;
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
  readonly #options: SessionOptions;
  readonly #lives = new Lives();
  readonly #isolation = new Isolation();
  readonly #memory = new MemoryWatch();
  /** Of the thread that runs. */
  #notes: SharedArrayBuffer | undefined;
  #plane: DataPlane;
  #hold: Hold;
  /** Of the thread that runs; undefined while it loads the flow. */
  #start: Start | undefined;
  #isDraining = false;
  /** Set while the thread is drained so that another one goes on; ends it if that takes too long. */
  #handover: NodeJS.Timeout | undefined;
  #reporter: Reporter | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { task, durationMs } = options;
    this.#plane = this.#begin(task);
    this.#hold = this.#watchOver();
    const watch = setInterval(() => this.#watch(), WATCH_MS);
    const limit = durationMs === undefined ? undefined : setTimeout(() => this.drain(), durationMs);
    this.ended = this.#lastEnd().then((end) => {
      clearInterval(watch);
      clearTimeout(limit);
      clearTimeout(this.#deadline);
      this.#conclude(end);
      return end;
    });
  }

  /** The one that runs now. */
  get plane(): DataPlane {
    return this.#plane;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Ends the intake and finishes what was accepted; stops hard when that takes too long. Idempotent. */
  drain(timeoutMs: number | undefined = this.#options.drainTimeoutMs): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#plane.drain(timeoutMs);
    this.#deadline = setTimeout(() => this.stop(), (timeoutMs ?? DEFAULT_DRAIN_MS) + DRAIN_GRACE_MS);
  }

  stop(): void {
    this.#plane.stop();
  }

  #begin(task: PlaneTask): DataPlane {
    return new DataPlane(this.#supervised(task), {
      message: (message) => this.#hear(message),
      output: (stream, chunk) => this.#report().output(stream, chunk),
    });
  }

  #supervised(task: PlaneTask): PlaneTask {
    if (task.kind !== 'flow' || this.#options.blockTimeoutMs === undefined) return task;
    this.#notes = sharedNotes();
    return { ...task, supervision: { notes: this.#notes, suspicion: this.#isolation.suspicion } };
  }

  #watchOver(): Hold {
    return new Hold(this.#plane.threadId, performance.now(), 2 * WATCH_MS);
  }

  /** Of as many threads as the run takes. */
  async #lastEnd(): Promise<PlaneEnd> {
    for (;;) {
      const end = await this.#plane.ended;
      const isHandedOver = this.#handover !== undefined && end.kind === 'summary' && !this.#isDraining;
      clearTimeout(this.#handover);
      this.#handover = undefined;
      if (isHandedOver) {
        this.#succeed();
        continue;
      }
      if (end.kind !== 'died') return end;
      const how = this.#mayGoOn() ? this.#successor(end) : undefined;
      if (how === undefined) return { ...end, failure: this.#explained(end.failure) };
      this.#report().notice({
        level: 'warn',
        message: `${whatOf(end.failure)}: a new thread goes on from the last checkpoint, ${how}${this.#lost()}`,
      });
      this.#succeed();
    }
  }

  #mayGoOn(): boolean {
    return this.#options.blockTimeoutMs !== undefined && this.#start?.hasCheckpoints === true && !this.#isDraining;
  }

  /** @returns how it is about the next thread; undefined: there is none */
  #successor({ failure, wasHeld }: Extract<PlaneEnd, { kind: 'died' }>): string | undefined {
    const finding = this.#isolation.died({ ...this.#noted(), wasHeld, what: whatOf(failure) });
    const now = performance.now();
    if (finding.kind === 'nothing') return this.#lives.died(now);
    if (finding.kind === 'closer') {
      const { source, count } = finding.range;
      return count === 1
        ? `and tries one event of ${source} once more`
        : `and looks among ${count} events of ${source}`;
    }
    const which = this.#lives.setApart(now);
    return which === undefined ? undefined : `its event of ${finding.event.source} becomes a dead letter, ${which}`;
  }

  #noted(): ThreadNotes {
    return this.#notes === undefined ? { given: [], alone: undefined } : notesIn(this.#notes);
  }

  /** What went with a thread that has died. */
  #lost(): string {
    const { given } = this.#noted();
    const lost = (this.#start?.sources ?? []).flatMap(({ name, returns }, i) =>
      returns === 'forgets' && (given[i] ?? 0) > 0
        ? [`of the ${given[i] ?? 0} events that ${name} gave since then`]
        : [],
    );
    return lost.length === 0 ? '' : `; ${lost.join(' and ')}, those that were under way are lost`;
  }

  #succeed(): void {
    const { task } = this.#options;
    this.#start = undefined;
    this.#plane = this.#begin(
      task.kind === 'flow' ? { ...task, deadLetters: { ...task.deadLetters, isContinued: true } } : task,
    );
    this.#hold = this.#watchOver();
    this.#memory.succeeded(performance.now());
  }

  /** A thread whose memory runs out is followed by another while it can still take a checkpoint. */
  #lookAtMemory(memory: number | null): void {
    if (this.#handover !== undefined || !this.#mayGoOn()) return;
    const answer = this.#memory.observe(memory, performance.now());
    if (answer === undefined) return;
    const isReplaced = answer === 'replace';
    const what = isReplaced ? 'it takes a checkpoint, and a new thread goes on' : 'a new thread would need as much';
    this.#report().notice({
      level: 'warn',
      message: `the memory of the flow's thread is at ${memory ?? 0} % of what it may use: ${what}`,
    });
    if (!isReplaced) return;
    this.#plane.drain(2 * DEFAULT_DRAIN_MS);
    this.#handover = setTimeout(() => this.#plane.kill(NOT_DRAINED), DEFAULT_DRAIN_MS);
  }

  /** Why there is no other thread. */
  #explained(failure: Failure): Failure {
    if (this.#start === undefined || this.#options.blockTimeoutMs === undefined || this.#isDraining) return failure;
    const why = this.#start.hasCheckpoints
      ? `it has died too often: what holds or kills it must be mended${notFound(this.#start)}`
      : `with a data directory it would have gone on by itself: flow('${this.#start.flow}', { data: 'DIR' })`;
    return { ...failure, fix: failure.fix === undefined ? why : `${failure.fix}\n${why}` };
  }

  #hear(message: Exclude<FromPlane, { type: 'summary' }>): void {
    this.#hold.heard();
    switch (message.type) {
      case 'started':
        this.#start = message;
        this.#report(message).started(message.flow, message.targets);
        break;
      case 'snapshot':
        this.#report().snapshot(message.snapshot);
        this.#lookAtMemory(message.snapshot.system.resource_utilization.memory);
        break;
      case 'state':
        this.#report().state(message.state);
        break;
      case 'notice':
        this.#report().notice(shownNotice(message.notice));
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
    const hold = this.#hold;
    const ms = hold.look(performance.now());
    if (ms < BUSY_MS) return;
    this.#reporter?.silent(ms);
    const { blockTimeoutMs } = this.#options;
    if (blockTimeoutMs === undefined || this.#start === undefined) return;
    void hold.explain().then((message) => {
      if (message === undefined || hold !== this.#hold) return;
      this.#report().notice(shownNotice({ level: 'warn', message }));
    });
    if (ms >= blockTimeoutMs) this.#plane.kill(hold.failure(ms));
  }

  #conclude(end: PlaneEnd): void {
    const reporter = this.#report();
    try {
      if (end.kind === 'summary') reporter.summary(end.summary, end.letters);
      else if (end.kind === 'stopped') reporter.failed(STOPPED, null);
      else if (end.failure.kind !== 'output-closed') reporter.failed(shownFailure(end.failure), end.letters);
    } finally {
      reporter.close();
    }
  }
}

/** Why an event of some sources is not set apart. */
function notFound({ sources }: Start): string {
  const names = sources.filter(({ returns }) => returns !== 'replays').map(({ name }) => name);
  if (names.length === 0) return '';
  return `\nan event of ${names.join(' or ')} has no place to be found at: where a flow of its own writes them to a log (daoflow/log),\nand this one reads the log, it becomes a dead letter, and all else goes on`;
}

const STOPPED: Failure = {
  kind: 'failed',
  message: 'stopped at once: what was not confirmed yet is not acknowledged to its source',
};

const NOT_DRAINED: Failure = {
  kind: 'failed',
  message: "the flow's thread had no memory left, and was not drained in time",
};

/** On one line, with the place in the user's code. */
function whatOf(failure: Failure): string {
  const { message, at } = shownFailure(failure);
  const where = at === undefined ? '' : ` (${placeOf(at)})`;
  return `${message.split('\n')[0] ?? ''}${where}`;
}
