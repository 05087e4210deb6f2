/**
 * Time as the engine sees it. Nothing below the machine layer reads a clock of its own: the real
 * one comes from `host`, the virtual one from `testing`, and the engine code is the same.
 */

/** Two clocks, never mixed: durations use `now`, event timestamps and reports use `wall`. */
export interface Clock {
  /** Monotonic milliseconds with a fraction; the zero point is arbitrary. */
  now(): number;
  /** Milliseconds since the Unix epoch; may jump when the operating system corrects it. */
  wall(): number;
}

/** A scheduled task that has not run yet. */
export interface Timer {
  /** Idempotent; does nothing once the task has run. */
  cancel(): void;
}

/** Clock plus the ways in which the engine gives up its turn. */
export interface Scheduler extends Clock {
  /** Runs `task` once, not before `delayMs` from now. */
  after(delayMs: number, task: () => void): Timer;
  /** Runs `task` in a turn of its own, after pending I/O (a macrotask, `setImmediate`-like). */
  soon(task: () => void): void;
  /** Resolves in a turn of its own: what a long synchronous loop awaits so that I/O can run. */
  yield(): Promise<void>;
}

/** Uniform random numbers in [0, 1). Seeded in tests, so that a run can be replayed. */
export type Random = () => number;
