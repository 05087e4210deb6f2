/** `tuned(fn)`: calls of single items gather into batches by themselves, and batches and calls tune themselves. */

import { TUNING_GOALS } from '../control/goal.ts';
import { knownOptions, optionNames } from '../errors/declared.ts';
import { ConfigError } from '../errors/errors.ts';
import type { WriteOptions } from '../event/sink.ts';
import { NAME } from '../flow/graph.ts';
import { checkOneOf } from '../flow/validation.ts';
import type { Controller } from '../tuning/controller.ts';
import type { Host } from '../runtime/host.ts';
import { checkLearned } from './check-learned.ts';
import { systemHost } from './system-host.ts';
import { Batcher } from './tuned-batcher.ts';
import type { BatchFunction, Failed } from './tuned-call.ts';
import type { Tuned, TunedOptions } from './tuned-options.ts';

type Awaitable<T> = T | Promise<T>;

const OPTIONS = optionNames<TunedOptions>({
  targets: true,
  goal: true,
  maxBatch: true,
  maxConcurrency: true,
  maxPending: true,
  isolate: true,
  signal: true,
  name: true,
  learned: true,
});

/**
 * Wraps a function over a batch of items. Calls gather by themselves: those of one turn go together, and while calls
 * are in flight what comes waits for the next one; nothing waits for company. How many items a call takes and how many
 * calls are in flight is tuned for the p95 target.
 *
 * The function gives one result per item, in order, or nothing. An `Error` or `failed(reason)` in place of a result
 * fails that item. What it throws fails the call, which is then repeated in halves to find the items at fault; after a
 * retryable `ConnectorError` it is repeated as it is, with growing waits, for as long as it takes.
 *
 * @throws ConfigError when an option is wrong
 * @example
 * const insert = tuned(async (rows) => { await db.insert('orders', rows); });
 * await insert({ id: 1 });
 */
export function tuned<I, R>(
  fn: (items: readonly I[], options: WriteOptions) => Awaitable<readonly (R | Error | Failed)[]>,
  options?: TunedOptions,
): Tuned<I, Exclude<R, Error | Failed>>;
export function tuned<I>(
  fn: (items: readonly I[], options: WriteOptions) => Awaitable<void>,
  options?: TunedOptions,
): Tuned<I, void>;
export function tuned(
  fn: (items: readonly never[], options: WriteOptions) => unknown,
  options: TunedOptions = {},
): Tuned<never, unknown> {
  return tunedOn(systemHost(), fn as BatchFunction, options);
}

/** The same on any machine, and with any controller: for tests in virtual time. */
export function tunedOn(
  host: Host,
  fn: BatchFunction,
  options: TunedOptions,
  controller?: Controller<unknown>,
): Tuned<unknown, unknown> {
  checkOptions(fn, options);
  const batcher = new Batcher(host, fn, options, controller);
  const call = (value: unknown, { signal }: { readonly signal?: AbortSignal } = {}): Promise<unknown> =>
    batcher.add(value, signal);
  return Object.assign(call, batcher.methods());
}

function checkOptions(fn: unknown, options: TunedOptions): void {
  if (typeof fn !== 'function') throw new ConfigError('tuned', 'a function over an array of items', fn);
  knownOptions(options, 'tuned', OPTIONS);
  const { name, goal, signal, learned } = options;
  for (const key of ['maxBatch', 'maxConcurrency', 'maxPending'] as const) {
    const value = options[key];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) {
      throw new ConfigError(`tuned.${key}`, 'a whole number, at least 1', value);
    }
  }
  if (name !== undefined && !NAME.test(name)) {
    throw new ConfigError('tuned.name', 'letters, digits, ".", "_" or "-", at most 64', name);
  }
  checkOneOf(goal, TUNING_GOALS, 'tuned.goal');
  checkLearned(learned, 'tuned.learned');
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new ConfigError('tuned.signal', 'an AbortSignal', signal);
  }
}
