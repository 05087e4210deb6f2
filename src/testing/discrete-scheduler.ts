import type { Scheduler, Timer } from '../time/clock.ts';

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * Virtual time for long simulations: a heap of tasks, one turn of the promise queue between two of them
 * (the virtual scheduler of `virtualFlow` settles deeper chains and is for tests). Time can stand still for a
 * while, as an event loop does in a long collection: what falls due meanwhile runs at the end, late.
 */
export class DiscreteScheduler implements Scheduler {
  readonly #heap: Task[] = [];
  readonly #turns: number;
  readonly #epoch: number;
  #now: number;
  #order = 0;
  #frozenUntil = Number.NEGATIVE_INFINITY;

  /**
   * @param turns - of the promise queue between two tasks: a stage by itself needs one, a whole flow some more
   * @param epoch - wall-clock ms at virtual time 0
   */
  constructor(startMs = 0, turns = 1, epoch = 0) {
    this.#now = startMs;
    this.#turns = turns;
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
    this.#push(task);
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

  /** Nothing runs for `ms` from now. */
  freeze(ms: number): void {
    this.#frozenUntil = this.#now + ms;
  }

  /** The process stands still for `ms`, as under SIGSTOP: nothing runs, and what fell due runs late. */
  skip(ms: number): void {
    this.#now += ms;
  }

  /** Runs what is due until then, and stops the clock there; or where it is, once `isOver` says so. */
  async runUntil(end: number, isOver: () => boolean = () => false): Promise<void> {
    if (await this.#runDue(end, isOver)) this.#now = Math.max(this.#now, end);
  }

  /** Runs until nothing is scheduled any more, at most `limit` tasks. @returns whether it came to rest */
  drain(limit = 1_000_000): Promise<boolean> {
    let left = limit;
    return this.#runDue(Infinity, () => (left -= 1) < 0);
  }

  /** @returns whether nothing is due any more */
  async #runDue(end: number, isOver: () => boolean): Promise<boolean> {
    await this.#settle();
    for (let task = this.#heap[0]; task !== undefined && task.at <= end; task = this.#heap[0]) {
      if (isOver()) return false;
      this.#pop();
      if (task.cancelled) continue;
      this.#now = Math.max(task.at, this.#frozenUntil, this.#now);
      task.run();
      await this.#settle();
    }
    return true;
  }

  async #settle(): Promise<void> {
    for (let i = 0; i < this.#turns; i += 1) await Promise.resolve();
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let place = heap.push(task) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const other = heap[parent] as Task;
      if (!isBefore(task, other)) break;
      heap[place] = other;
      place = parent;
    }
    heap[place] = task;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Task;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Task, heap[child] as Task)) child += 1;
      if (!isBefore(heap[child] as Task, last)) break;
      heap[place] = heap[child] as Task;
      place = child;
    }
    heap[place] = last;
  }
}

function isBefore(one: Task, other: Task): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
