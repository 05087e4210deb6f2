/** Flows of numbers into slow places, on a simulated disk whose process ends now and then. */

import type { Sink } from '../../../event/sink.ts';
import type { EventSource } from '../../../event/source.ts';
import type { RunnableFlow } from '../../../flow/run.ts';
import type { Scheduler } from '../../../time/clock.ts';

/** A machine in virtual time. */
export interface Machine {
  readonly scheduler: Scheduler & { advance(ms: number): Promise<void> };
  readonly disk: { crash(how: 'kill' | 'power'): void };
}

export interface Event {
  readonly n: number;
  readonly key: string;
  readonly at: number;
}

export const eventOf = (n: number): Event => ({ n, key: `k${n % 7}`, at: n * 3 + (n % 5) });
export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Four events each ms, from where it is told to begin; `from`: where one that is told nothing begins. */
export function source(
  total: number,
  options: { readonly replays?: boolean; readonly from?: number; readonly text?: string } = {},
): EventSource<Event> & { acked: number } {
  const { replays = true, from = 0, text } = options;
  const own: EventSource<Event> & { acked: number } = {
    kind: 'events',
    name: 'numbers',
    replays,
    acked: from,
    acknowledged: (_partition, offset) => {
      own.acked = offset;
    },
    run: async (output, { resume, scheduler, signal }) => {
      for (let next = resume.get('p') ?? from; next < total && !signal.aborted; next += 4) {
        const to = Math.min(total, next + 4);
        const events = range(next, to).map((n) => ({ ...eventOf(n), ...(text === undefined ? {} : { text }) }));
        await output.write({ events, bytes: 1, partition: 'p', endOffset: to });
        await new Promise<void>((resolve) => void scheduler.after(1, resolve));
      }
    },
  };
  return own;
}

/** Outlives the process. Each write takes 20 ms; one that `goesBack` is cut to where the checkpoint has it. */
export function place<E>(
  host: Machine,
  name: string,
  { goesBack = true, ms = 20 }: { readonly goesBack?: boolean; readonly ms?: number } = {},
): { rows: E[]; sink: Sink<E> } {
  const rows: E[] = [];
  const sink: Sink<E> = {
    name,
    ...(goesBack ? { repeats: 'goes back' } : {}),
    open: ({ resume, signal }) => {
      if (goesBack && resume !== undefined) rows.length = resume as number;
      const write = (events: readonly E[]): Promise<void> =>
        new Promise((resolve) => {
          host.scheduler.after(ms, () => {
            if (!signal.aborted) rows.push(...events);
            resolve();
          });
        });
      return goesBack ? { write, position: () => rows.length } : { write };
    },
  };
  return { rows, sink };
}

export const MB: number = 1024 * 1024;
export const SLOW: {
  readonly whenSlow: 'spill';
  readonly concurrency: number;
  readonly batch: number;
  readonly queue: { readonly events: number };
  readonly spill: { readonly bytes: number };
} = { whenSlow: 'spill', concurrency: 1, batch: 16, queue: { events: 40 }, spill: { bytes: 16 * MB } };

/** How a life ends; `drain`: with as little time as a target that is away needs to be let go of. */
export type End = 'kill' | 'power' | 'drain';

/** Ends the process: what is on its way to the disk happens or does not, and nothing is said any more. */
export async function kill(host: Machine, run: ReturnType<RunnableFlow['run']>, how: End): Promise<void> {
  run.done.catch(() => undefined);
  if (how === 'drain') {
    void run.drain({ timeout: 300 }).catch(() => undefined);
    await host.scheduler.advance(3_000);
    return;
  }
  host.disk.crash(how);
  void run.stop().catch(() => undefined);
  await host.scheduler.advance(30);
}

/** Lives that end so after so many ms, and one more of `lastMs`. @returns the last one */
export async function lastOf<R extends ReturnType<RunnableFlow['run']>>(
  host: Machine,
  start: () => R,
  ends: readonly (readonly [ms: number, how: End])[],
  lastMs: number,
): Promise<R> {
  for (const [ms, how] of ends) {
    const run = start();
    await host.scheduler.advance(ms);
    await kill(host, run, how);
  }
  const last = start();
  await host.scheduler.advance(lastMs);
  return last;
}
