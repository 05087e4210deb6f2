/** Flows i to iii as operators and a terminal, and the call of flow iv: the same for all peers. */

import type { Call, Operator, Terminal } from './contestant.ts';
import { copied, isKept, isLarge, rounded, scaled, tallyRow, WINDOW_MS, type Event, type Tally } from './events.ts';

export type SyncJobName = 'count' | 'two' | 'three' | 'threeFresh';
export type AsyncJobName = 'each' | 'arrays';
export type JobName = SyncJobName | AsyncJobName;

export interface SyncJob {
  readonly operators: readonly Operator[];
  readonly terminal: (tally: Tally) => Terminal;
}

export const syncJobs: Readonly<Record<SyncJobName, SyncJob>> = {
  count: { operators: [], terminal: counting },
  two: { operators: [map(scaled), filter(isLarge)], terminal: counting },
  three: { operators: [map(rounded), filter(isKept)], terminal: windowed },
  threeFresh: { operators: [map(copied), filter(isKept)], terminal: windowed },
};

/** Flow iv: events in flight where each is a call, arrays in flight where an array is one. */
export const IN_FLIGHT: Readonly<Record<AsyncJobName, number>> = { each: 64, arrays: 4 };

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- callers give functions of their own events
export function map<E>(fn: (event: E) => unknown): Operator {
  return { kind: 'map', fn };
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as above
export function filter<E>(fn: (event: E) => boolean): Operator {
  return { kind: 'filter', fn };
}

function counting(tally: Tally): Terminal {
  return {
    one: () => {
      tally.events += 1;
    },
    all: (events) => {
      tally.events += events.length;
    },
    end: () => undefined,
  };
}

/** Sums per key and window in a Map by string, which is what people write. */
function windowed(tally: Tally): Terminal {
  let open = new Map<string, number>();
  let endMs = -Infinity;
  const close = (): void => {
    for (const [key, total] of open) tallyRow(tally, { key, end: endMs, total });
    open = new Map();
  };
  const one = ({ ts, key, value }: Event): void => {
    if (ts >= endMs) {
      close();
      endMs = (Math.floor(ts / WINDOW_MS) + 1) * WINDOW_MS;
    }
    const total = open.get(key);
    open.set(key, total === undefined ? value : total + value);
  };
  return {
    one,
    all: (events: readonly Event[]) => {
      for (let i = 0; i < events.length; i += 1) one(events[i] as Event);
    },
    end: () => {
      close();
      endMs = -Infinity;
    },
  };
}

/** Flow iv: every call ends in the next turn of the event loop. Counts calls, so that a contestant cannot skip any. */
export class Calls {
  done = 0;
  most = 0;
  #running = 0;
  #awaited = Infinity;
  #reached: () => void = () => undefined;

  readonly call: Call = () => {
    this.#running += 1;
    if (this.#running > this.most) this.most = this.#running;
    return new Promise<void>(this.#later);
  };

  readonly #later = (resolve: () => void): void => void setImmediate(this.#end, resolve);

  readonly #end = (resolve: () => void): void => {
    this.#running -= 1;
    this.done += 1;
    resolve();
    if (this.done === this.#awaited) this.#reached();
  };

  /** @returns when so many calls have ended */
  reached(done: number): Promise<void> {
    if (this.done >= done) return Promise.resolve();
    this.#awaited = done;
    return new Promise((resolve) => (this.#reached = resolve));
  }
}
