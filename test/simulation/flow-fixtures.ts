/** What flows in virtual time are made of: sources that repeat themselves, and targets whose calls wait for a server. */

import type { SourceBatch } from '../../src/event/batch.ts';
import type { EventSource, SourceOutput } from '../../src/event/source.ts';
import { systemRandom } from '../../src/host/random.ts';
import type { Random } from '../../src/time/clock.ts';
import { virtualHost, type VirtualHost } from '../../src/testing/virtual-host.ts';

/** A machine in virtual time, and chance besides that of the run. */
export interface World {
  readonly host: VirtualHost;
  readonly random: Random;
  readonly now: () => number;
  readonly after: (ms: number) => Promise<void>;
}

export function worldOf(seed = 1): World {
  const host = virtualHost({ seed });
  const { scheduler } = host;
  return {
    host,
    random: systemRandom(seed + 1),
    now: () => scheduler.now(),
    after: (ms) => new Promise((resolve) => void scheduler.after(ms, resolve)),
  };
}

/** Does the same until its run stops. */
export function repeating(step: (output: SourceOutput<number>) => Promise<void>): EventSource<number> {
  return {
    kind: 'events',
    name: 'load',
    run: async (output, { signal }) => {
      while (!signal.aborted) await step(output);
    },
  };
}

export function eventsOf(count: number): SourceBatch<number> {
  return { events: new Array<number>(count).fill(0), bytes: 64 * count };
}

/** A call waits for the first of so many servers that is free, and takes so long there. */
export function servedBy(
  { now, after }: World,
  servers: number,
  workMs: (events: number) => number,
): (events: readonly number[]) => Promise<void> {
  const freeAt = new Array<number>(servers).fill(0);
  return (events) => {
    const next = freeAt.indexOf(Math.min(...freeAt));
    const endsAt = Math.max(now(), freeAt[next] ?? 0) + workMs(events.length);
    freeAt[next] = endsAt;
    return after(endsAt - now());
  };
}
