/**
 * The real clock and the real event loop behind the `Scheduler` contract.
 *
 * **Invariants**
 * - `now()` of any two threads (and, on one machine, of any two processes) may be compared.
 * - A task never runs before its delay has passed on `now()`, although Node's timers may fire early.
 * - No timer made here keeps the process alive by itself, unless asked to.
 */

import type { Clock, Scheduler, Timer } from '../time/clock.ts';

export interface SystemSchedulerOptions {
  /**
   * Whether a pending timer keeps the process alive. Default false: a forgotten tick must not stop a
   * finished program from ending. A run holds the process with `holdProcess()` instead, for as long
   * as it runs.
   */
  readonly keepAlive?: boolean;
}

/**
 * The clocks of this process. `now()` is the operating system's monotonic clock in ms, with the same
 * zero point in every thread; it costs about 45 ns.
 */
export function systemClock(): Clock {
  const offset = monotonicOffsetMs();
  const source = performance; // the global is a getter: 4 ns more per read
  return { now: () => source.now() + offset, wall: () => Date.now() };
}

/**
 * Clock, timers and turns of this thread's event loop. Timers have a resolution of about 1 ms: a
 * shorter delay is rounded up, never down. Delays have no upper bound.
 */
export function systemScheduler(options: SystemSchedulerOptions = {}): Scheduler {
  const clock = systemClock();
  const keepAlive = options.keepAlive ?? false;
  return {
    ...clock,
    after: (delayMs, task) => new SystemTimer(clock, delayMs, task, keepAlive),
    soon: (task) => void setImmediate(task),
    yield: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

/** Keeps the process alive until cancelled: one idle timer that never fires in practice. */
export function holdProcess(): Timer {
  const handle = setInterval(() => undefined, LONGEST_TIMER_MS);
  return { cancel: () => clearInterval(handle) };
}

/** The longest delay that Node accepts; above it a timer would fire after 1 ms, with a warning. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

class SystemTimer implements Timer {
  readonly #clock: Clock;
  readonly #due: number;
  readonly #task: () => void;
  readonly #keepAlive: boolean;
  #handle: NodeJS.Timeout;

  constructor(clock: Clock, delayMs: number, task: () => void, keepAlive: boolean) {
    this.#clock = clock;
    this.#due = clock.now() + delayMs;
    this.#task = task;
    this.#keepAlive = keepAlive;
    this.#handle = this.#arm(delayMs);
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  #arm(delayMs: number): NodeJS.Timeout {
    const handle = setTimeout(() => this.#fired(), Math.min(Math.ceil(delayMs), LONGEST_TIMER_MS));
    return this.#keepAlive ? handle : handle.unref();
  }

  // Node counts whole ms from the start of the loop's turn, so it may fire up to 1 ms early.
  #fired(): void {
    const leftMs = this.#due - this.#clock.now();
    if (leftMs > 0) this.#handle = this.#arm(leftMs);
    else this.#task();
  }
}

/** Tries of which the tightest counts; five make a pause in between improbable. */
const OFFSET_TRIES = 5;

/**
 * What turns this thread's `performance.now()` into the system's monotonic clock (`hrtime`). Both
 * read the same counter, so the offset never drifts; it is exact to a microsecond or so.
 */
function monotonicOffsetMs(): number {
  let best = { gapMs: Infinity, offset: 0 };
  for (let i = 0; i < OFFSET_TRIES; i += 1) {
    const before = performance.now();
    const monotonic = Number(process.hrtime.bigint()) / 1e6;
    const after = performance.now();
    if (after - before < best.gapMs) best = { gapMs: after - before, offset: monotonic - (before + after) / 2 };
  }
  return best.offset;
}
