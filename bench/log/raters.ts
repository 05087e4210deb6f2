/** Measures one contestant for a while, and checks that what it says to be durable is there. */

import { rmSync } from 'node:fs';
import { appendRate } from './append-rate.ts';
import type { Store } from './contestant.ts';
import type { Try } from './contest.ts';

export interface RaterOptions {
  readonly events: readonly Uint8Array[];
  readonly freshDirectory: () => string;
  readonly check: (isTrue: boolean, what: string) => void;
}

type Rate = (candidate: Try, forMs: number) => Promise<number>;

/** Appends to a store that is empty each time, and keeps all. */
export function emptyEachTime({ events, freshDirectory, check }: RaterOptions): Rate {
  return async ({ contestant, configuration, batch }, forMs) => {
    const directory = freshDirectory();
    const store = await contestant.open(directory, configuration.name, Infinity);
    const { appended, eventsPerSecond } = await appendRate(store, events, {
      batch,
      callers: configuration.callers,
      isOn: untilPassed(forMs),
    });
    check((await store.count()) === appended, `${contestant.name} holds what was appended`);
    await store.close();
    rmSync(directory, { recursive: true, force: true });
    return eventsPerSecond;
  };
}

/** A queue is measured once that many times what it keeps has gone through it: from then on its blocks are used again. */
const WARM_UP = 4;
const WARM_UP_BATCH = 20_000;

/** Appends to one store for each configuration, which stays open, and keeps the newest events. */
export class LastingQueues {
  readonly #options: RaterOptions;
  readonly #keep: number;
  readonly #warmUpMs: number;
  readonly #queues = new Map<string, Queue>();

  /** @param warmUpMs - most that a store may take to be warm */
  constructor(options: RaterOptions, keep: number, warmUpMs: number) {
    this.#options = options;
    this.#keep = keep;
    this.#warmUpMs = warmUpMs;
  }

  readonly rate: Rate = async (candidate, forMs) => {
    const queue = await this.#queueOf(candidate);
    return this.#append(queue, candidate, untilPassed(forMs));
  };

  async close(): Promise<void> {
    for (const [name, { store, appended }] of this.#queues) {
      const kept = Math.min(appended, this.#keep);
      this.#options.check((await store.count()) === kept, `${name} holds what is to be kept, and no more`);
      await store.close();
    }
  }

  async #queueOf(candidate: Try): Promise<Queue> {
    const { contestant, configuration } = candidate;
    const name = `${contestant.name}, ${configuration.name}`;
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const store = await contestant.open(this.#options.freshDirectory(), configuration.name, this.#keep);
    const queue = { store, appended: 0 };
    this.#queues.set(name, queue);
    const isInTime = untilPassed(this.#warmUpMs);
    const isCold = (appended: number): boolean => appended < WARM_UP * this.#keep && isInTime();
    await this.#append(queue, { ...candidate, batch: WARM_UP_BATCH }, isCold);
    return queue;
  }

  async #append(queue: Queue, { configuration, batch }: Try, isOn: (appended: number) => boolean): Promise<number> {
    const { callers } = configuration;
    const { appended, eventsPerSecond } = await appendRate(queue.store, this.#options.events, { batch, callers, isOn });
    queue.appended += appended;
    return eventsPerSecond;
  }
}

interface Queue {
  readonly store: Store;
  appended: number;
}

function untilPassed(ms: number): () => boolean {
  const startedAt = performance.now();
  return () => performance.now() - startedAt < ms;
}
