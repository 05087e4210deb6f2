/** A tuned function on a machine of its own, in virtual time. */

import { virtualHost, type VirtualHost } from '../testing/virtual-host.ts';
import type { Controller } from '../tuning/controller.ts';
import type { Tuned, TunedOptions } from './tuned-options.ts';
import { tunedOn } from './tuned.ts';

export interface TunedTrial {
  readonly host: VirtualHost;
  /** The items of each call so far. */
  readonly calls: (readonly number[])[];
  readonly wait: (ms: number) => Promise<void>;
  /** Each call takes 10 ms, then `answer` gives its results. */
  readonly wrapped: (
    answer: (items: readonly number[]) => unknown,
    options?: TunedOptions,
    controller?: Controller<unknown>,
  ) => Tuned<number, unknown>;
  /** What became of each: its result, or the message of its error. */
  readonly outcomes: (promises: readonly Promise<unknown>[], ms?: number) => Promise<unknown[]>;
}

export function tunedTrial(): TunedTrial {
  const host = virtualHost();
  const calls: (readonly number[])[] = [];
  const wait = (ms: number): Promise<void> => new Promise((resolve) => void host.scheduler.after(ms, resolve));
  return {
    host,
    calls,
    wait,
    wrapped: (answer, options = {}, controller) =>
      tunedOn(
        host,
        async (items, { signal }) => {
          calls.push(items as readonly number[]);
          await wait(10);
          signal.throwIfAborted();
          return answer(items as readonly number[]);
        },
        options,
        controller,
      ),
    outcomes: async (promises, ms = 10_000) => {
      const settled = Promise.allSettled(promises);
      await host.scheduler.advance(ms);
      return (await settled).map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as Error).message));
    },
  };
}

/** Moves nothing: what changes, somebody else has changed. */
export const still: Controller<undefined> = {
  name: 'still',
  knobs: [],
  initial: () => undefined,
  step: (state) => ({ state, decisions: [] }),
};

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
