/**
 * One call of a tuned function: items go out together, and each gets its own result or error.
 *
 * Invariants (tuned.test.ts)
 * - Each item settles exactly once; one that has settled is never sent again.
 * - A failed call is halved until the items that fail are alone: such an item is sent again at most ceil(log2 B)
 *   times, one after the other within the slot of the call. Where nothing at all succeeds, all fail with the
 *   first error after about 2 log2 B calls: it was not about an item.
 */

import { messageOf, RefusedEventsError } from '../errors/errors.ts';
import type { WriteOptions } from '../event/sink.ts';
import { isRetryable } from '../resilience/backoff.ts';

/** What a function gives for one item in place of a result, to fail that item only. An `Error` means the same. */
export class Failed {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Fails one item of a batch: `return rows.map((row) => ok(row) ? id(row) : failed('no such card'))`. */
export function failed(error: unknown): Failed {
  return new Failed(error);
}

/** A function over a batch: results in the order of the items, or nothing. */
export type BatchFunction = (items: readonly unknown[], options: WriteOptions) => unknown;

/** An item that waits for its result. */
export class Item {
  readonly value: unknown;
  isSettled = false;
  readonly #settled: () => void;
  readonly #resolve: (result: unknown) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    value: unknown,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
    settled: () => void,
  ) {
    this.value = value;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#settled = settled;
  }

  resolve(result: unknown): void {
    if (this.#settle()) this.#resolve(result);
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#reject(error);
  }

  #settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.#settled();
    return true;
  }
}

/**
 * Ends when every item has settled.
 * @throws what failed the call, for the record: how long the search took says nothing about the target. Or an error
 *   after which the same call may succeed: what has not settled is sent again.
 */
export async function callTogether(
  fn: BatchFunction,
  items: readonly Item[],
  options: WriteOptions,
  isolates: boolean,
): Promise<void> {
  const open = items.filter((item) => !item.isSettled);
  if (open.length === 0) return;
  const cause = await tryAll(fn, open, options);
  if (cause === undefined) return;
  if (isolates) await new Isolation(fn, options, cause.error, open.length).halve(open, cause.error);
  else for (const item of open) item.reject(cause.error);
  throw cause.error;
}

/** @returns what failed all of them @throws retryable errors */
async function tryAll(
  fn: BatchFunction,
  items: readonly Item[],
  options: WriteOptions,
): Promise<{ readonly error: unknown } | undefined> {
  try {
    deliver(
      items,
      await fn(
        items.map(({ value }) => value),
        options,
      ),
    );
  } catch (error) {
    if (isRetryable(error)) throw error;
    if (!(error instanceof RefusedEventsError)) return { error };
    for (const [index, why] of error.refused) items[index]?.reject(why);
    for (const item of items) item.resolve(undefined);
  }
  return undefined;
}

function deliver(items: readonly Item[], results: unknown): void {
  if (results === undefined) {
    for (const item of items) item.resolve(undefined);
    return;
  }
  if (!Array.isArray(results) || results.length !== items.length) {
    const given = Array.isArray(results) ? `${results.length} results` : messageOf(results);
    throw new TypeError(
      `a tuned function must give nothing, or one result per item: ${given} for ${items.length} items`,
    );
  }
  for (const [index, item] of items.entries()) {
    const result: unknown = results[index];
    if (result instanceof Failed) item.reject(result.error);
    else if (result instanceof Error) item.reject(result);
    else item.resolve(result);
  }
}

/** The search for the items that a failure is about. */
class Isolation {
  readonly #fn: BatchFunction;
  readonly #options: WriteOptions;
  readonly #first: unknown;
  /** Calls that may fail before anything succeeds. */
  #patience: number;
  #hasSucceeded = false;

  constructor(fn: BatchFunction, options: WriteOptions, first: unknown, items: number) {
    this.#fn = fn;
    this.#options = options;
    this.#first = first;
    this.#patience = 2 * (Math.ceil(Math.log2(items)) + 1);
  }

  async halve(items: readonly Item[], cause: unknown): Promise<void> {
    if (items.length === 1) {
      items[0]?.reject(cause);
      return;
    }
    const middle = Math.ceil(items.length / 2);
    await this.#try(items.slice(0, middle));
    await this.#try(items.slice(middle));
  }

  async #try(items: readonly Item[]): Promise<void> {
    if (!this.#hasSucceeded && this.#patience <= 0) {
      for (const item of items) item.reject(this.#first);
      return;
    }
    this.#patience -= 1;
    const cause = await tryAll(this.#fn, items, this.#options);
    if (cause === undefined) this.#hasSucceeded = true;
    else await this.halve(items, cause.error);
  }
}
