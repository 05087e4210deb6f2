/**
 * The main thread's handle on a data plane.
 *
 * **Invariants** (test/integration/cli-run.test.ts, cli-supervision.test.ts)
 * - Exactly one `ended` per data plane, whatever happens: summary, failure, death or stop.
 * - The main thread never waits for the data plane without a deadline.
 */

import v8 from 'node:v8';
import { Worker, type ResourceLimits } from 'node:worker_threads';
import { threadEnded } from '../../host/ended-threads.ts';
import type { DemoLoad } from '../demo/flow.ts';
import type { Failure } from '../failure.ts';
import type { DeadLetterFile, FromPlane, PlaneTask, ToPlane } from './protocol.ts';
import type { RunSummary } from '../../flow/run.ts';

/**
 * What the young generation of the data plane takes of a small heap, V8's unit: three semi-spaces (MB). Where the old generation and
 * one semi-space have no room beside each other V8 makes each collection a full one, and ends the thread if they free little: at
 * 64 MB each (Node 24) that is from 79 % of 300 MB on, before `MemoryWatch` acts. 48 is V8's own size on Node 20 and 22.
 * @returns undefined - large enough for V8's own size
 */
function youngGenerationMb(heapLimitBytes: number): number | undefined {
  const limitMb = heapLimitBytes / 2 ** 20;
  return limitMb < 1024 ? Math.min(48, Math.floor(limitMb / 8)) : undefined;
}

/** After `stop`, how long the data plane may take before its thread is ended, ms. */
const STOP_GRACE_MS = 1000;

export type PlaneEnd =
  | { readonly kind: 'summary'; readonly summary: RunSummary; readonly letters: DeadLetterFile | null }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly letters: DeadLetterFile | null }
  /** The run had not failed; its thread cannot be used any more. Another one may go on. */
  | {
      readonly kind: 'died';
      readonly failure: Failure;
      /** Its code held it, and it was ended from outside. */
      readonly wasHeld: boolean;
      readonly letters: DeadLetterFile | null;
    }
  /** It was stopped hard before it could report. */
  | { readonly kind: 'stopped' };

export interface PlaneListener {
  message(message: Exclude<FromPlane, { type: 'summary' }>): void;
  /** What the flow's own code prints (`console.log`). */
  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
}

export class DataPlane {
  /** Settles when the thread has ended. Never rejects. */
  readonly ended: Promise<PlaneEnd>;
  readonly threadId: number;
  readonly #worker: Worker;
  #stopping: NodeJS.Timeout | undefined;
  #end: PlaneEnd | undefined;

  /** @param entry - where the data plane's program lies; a test may give its own */
  constructor(task: PlaneTask, listener: PlaneListener, entry: URL = new URL('./data-plane.js', import.meta.url)) {
    const youngMb = youngGenerationMb(v8.getHeapStatistics().heap_size_limit);
    const resourceLimits: ResourceLimits = youngMb === undefined ? {} : { maxYoungGenerationSizeMb: youngMb };
    this.#worker = new Worker(entry, { workerData: task, stdout: true, stderr: true, resourceLimits });
    this.threadId = this.#worker.threadId;
    this.#worker.stdout.on('data', (chunk: Uint8Array) => listener.output('stdout', chunk));
    this.#worker.stderr.on('data', (chunk: Uint8Array) => listener.output('stderr', chunk));
    this.#worker.on('message', (message: FromPlane) => this.#hear(message, listener));
    this.#worker.on('error', (error) => {
      this.#end ??= { kind: 'died', failure: explainCrash(error), wasHeld: false, letters: null };
    });
    this.ended = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        clearTimeout(this.#stopping);
        threadEnded(this.threadId);
        resolve(this.#end ?? this.#silentEnd(code));
      });
    });
  }

  drain(timeoutMs?: number): void {
    this.#post({ type: 'drain', timeoutMs });
  }

  setLoad(load: DemoLoad): void {
    this.#post({ type: 'load', load });
  }

  /** Stops the run at once; ends the thread when it does not answer. Idempotent. */
  stop(): void {
    if (this.#stopping !== undefined) return;
    this.#post({ type: 'stop' });
    this.#stopping = setTimeout(() => void this.#worker.terminate(), STOP_GRACE_MS);
  }

  /** Ends the thread now: it is held, and does not hear. */
  kill(failure: Failure): void {
    this.#finish({ kind: 'died', failure, wasHeld: true, letters: null });
  }

  #post(message: ToPlane): void {
    this.#worker.postMessage(message);
  }

  #hear(message: FromPlane, listener: PlaneListener): void {
    if (message.type === 'summary') {
      this.#finish({ kind: 'summary', summary: message.summary, letters: message.letters });
      return;
    }
    if (message.type === 'failed') {
      const { failure, letters } = message;
      this.#finish(
        message.isStray ? { kind: 'died', failure, wasHeld: false, letters } : { kind: 'failed', failure, letters },
      );
    }
    listener.message(message);
  }

  /** The run is over; whatever the flow's code left open (timers, sockets) must not keep the process. */
  #finish(end: PlaneEnd): void {
    this.#end ??= end;
    void this.#worker.terminate();
  }

  #silentEnd(code: number): PlaneEnd {
    if (this.#stopping !== undefined) return { kind: 'stopped' };
    const failure: Failure = {
      kind: 'failed',
      message: `the data plane ended by itself with code ${code}, before the flow had finished`,
      fix: 'something in the flow calls process.exit(): let the flow end by itself, or throw an error instead',
    };
    return { kind: 'died', failure, wasHeld: false, letters: null };
  }
}

function explainCrash(error: unknown): Failure {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return {
      kind: 'failed',
      message: 'the data plane ran out of memory: what the flow keeps is larger than the JavaScript heap',
      fix: 'bound what is kept (a ttl on keyed state, shorter windows, fewer keys),\nor give it more: NODE_OPTIONS=--max-old-space-size=4096 npx daoflow run ...',
    };
  }
  return { kind: 'failed', message: `the data plane died: ${message}` };
}
