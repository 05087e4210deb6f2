import type { Scheduler, Timer } from '../time/clock.ts';

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * A scheduler in virtual time: nothing happens until a test says so, and then in one fixed order.
 *
 * @example
 * const scheduler = new VirtualScheduler();
 * let fired = 0;
 * scheduler.after(1000, () => { fired = scheduler.now(); });
 * await scheduler.advance(1500);
 * console.log(fired, scheduler.now()); // 1000 1500
 */
export class VirtualScheduler implements Scheduler {
  #now = 0;
  #order = 0;
  readonly #epoch: number;
  readonly #tasks: Task[] = [];

  /** @param epoch - wall-clock ms at virtual time 0 */
  constructor(epoch = 1_700_000_000_000) {
    this.#epoch = epoch;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#epoch + this.#now;
  }

  after(delayMs: number, run: () => void): Timer {
    const task: Task = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run, cancelled: false };
    this.#insert(task);
    return {
      cancel: () => {
        task.cancelled = true;
      },
    };
  }

  soon(task: () => void): void {
    this.after(0, task);
  }

  yield(): Promise<void> {
    return new Promise((resolve) => {
      this.soon(resolve);
    });
  }

  /** Runs everything due within `ms` of virtual time, promises included, and stops the clock there. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let task = this.#tasks[0]; task !== undefined && task.at <= until; task = this.#tasks[0]) {
      await this.#run(task);
    }
    this.#now = until;
  }

  /** The process stands still for `ms`, as under SIGSTOP: nothing runs, and what fell due runs late. */
  skip(ms: number): void {
    this.#now += ms;
  }

  /** Runs until nothing is scheduled any more, at most `limit` tasks. @returns whether it came to rest */
  async drain(limit = 1_000_000): Promise<boolean> {
    await settle();
    for (let i = 0; i < limit; i += 1) {
      const task = this.#tasks[0];
      if (task === undefined) return true;
      await this.#run(task);
    }
    return false;
  }

  async #run(task: Task): Promise<void> {
    this.#tasks.shift();
    if (task.cancelled) return;
    this.#now = Math.max(this.#now, task.at);
    task.run();
    await settle();
  }

  #insert(task: Task): void {
    let low = 0;
    let high = this.#tasks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#tasks[middle] as Task;
      if (other.at < task.at || (other.at === task.at && other.order < task.order)) low = middle + 1;
      else high = middle;
    }
    this.#tasks.splice(low, 0, task);
  }
}

/** Chains of promises up to this depth come to rest between two virtual instants. */
const SETTLE_ROUNDS = 20;

async function settle(): Promise<void> {
  for (let i = 0; i < SETTLE_ROUNDS; i += 1) await Promise.resolve();
}
