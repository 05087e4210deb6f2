/**
 * Iterables as sources: what is ready is gathered into batches.
 *
 * **Invariants** (iterable.test.ts, test/contract)
 * - Items keep their order; each is handed over exactly once.
 * - An item waits at most for the end of the turn in which it became ready, never for the next one.
 * - A synchronous iterable gives up its turn in time, so that I/O and timers run.
 */

import type { SourceBatch } from '../../event/batch.ts';
import type { EventSource, SourceContext, SourceOutput } from '../../event/source.ts';
import { knownOptions } from '../../errors/declared.ts';
import { ConfigError } from '../../errors/errors.ts';
import type { Scheduler } from '../../time/clock.ts';
import { batchBytes } from '../../event/event-size.ts';
import { nameOption } from '../options.ts';
import { Turn } from '../turn.ts';
import { onAbort } from '../waiting.ts';
import { pullAsync } from './pull.ts';

/** A sequence, or a function that begins a new one (so that a flow can run more than once). */
export type Sequence<T> = Iterable<T> | AsyncIterable<T> | (() => Iterable<T> | AsyncIterable<T>);

export interface IterableOptions {
  /** Name of the source in metrics. Default `iterable`. */
  readonly name?: string;
}

/** Events per batch: enough to make the cost per batch small, few enough to stay within a turn. */
const BATCH_EVENTS = 512;

/**
 * A source of the items of any iterable. Cost per item: one call of the iterator; prefer
 * `fromBatches` where the events come in arrays anyway.
 *
 * @throws ConfigError when it is not iterable
 * @example
 * flow('numbers').from(iterable([1, 2, 3]))
 */
export function iterable<E>(items: Sequence<E>, options: IterableOptions = {}): EventSource<E> {
  check(items, 'iterable');
  const name = nameOf(options, 'iterable()', 'iterable');
  return {
    kind: 'events',
    name,
    run: (output, context) => {
      const sequence = begin(items);
      if (Array.isArray(sequence)) return pushBatches(slices(sequence), output, context);
      if (isAsync(sequence)) return pullAsync(sequence[Symbol.asyncIterator](), output, context, BATCH_EVENTS);
      return pushBatches(gathered(sequence), output, context);
    },
  };
}

/**
 * A source of ready-made batches: arrays of events, or `SourceBatch` objects that also know their
 * size, arrival time and position. The fast way in: no work per event. The arrays become the engine's.
 *
 * @throws ConfigError when it is not iterable
 * @example
 * fromBatches(async function* () { for (;;) yield await consumer.poll(512) })
 */
export function fromBatches<E>(batches: Sequence<E[] | SourceBatch<E>>, options: IterableOptions = {}): EventSource<E> {
  check(batches, 'fromBatches');
  const name = nameOf(options, 'fromBatches()', 'batches');
  return {
    kind: 'events',
    name,
    run: (output, context) => {
      const sequence = begin(batches);
      return isAsync(sequence) ? pushAsync(sequence, output, context) : pushBatches(sequence, output, context);
    },
  };
}

/** Writes batch after batch, giving up the turn by time. */
async function pushBatches<E>(
  batches: Iterable<E[] | SourceBatch<E>>,
  output: SourceOutput<E>,
  context: SourceContext,
): Promise<void> {
  const push = new Push(output, context);
  try {
    if (Array.isArray(batches)) await pushArray(batches as readonly (E[] | SourceBatch<E>)[], push);
    else await pushEach(batches, push);
  } finally {
    push.end();
  }
}

/** By index: in a process that also iterates generators, an iterator costs an object per batch. */
async function pushArray<E>(batches: readonly (E[] | SourceBatch<E>)[], push: Push<E>): Promise<void> {
  for (let i = 0; i < batches.length && !push.isStopped; i += 1) {
    const wait = push.write(batches[i] as E[] | SourceBatch<E>);
    if (wait !== undefined) await wait;
  }
}

async function pushEach<E>(batches: Iterable<E[] | SourceBatch<E>>, push: Push<E>): Promise<void> {
  for (const batch of batches) {
    const wait = push.write(batch);
    if (wait !== undefined) await wait;
    if (push.isStopped) return;
  }
}

class Push<E> {
  readonly #output: SourceOutput<E>;
  readonly #scheduler: Scheduler;
  readonly #turn: Turn;
  readonly #forget: () => void;
  /** The signal has aborted: to read it costs 10 ns. */
  isStopped = false;

  constructor(output: SourceOutput<E>, { scheduler, signal }: SourceContext) {
    this.#output = output;
    this.#scheduler = scheduler;
    this.#turn = new Turn(scheduler);
    this.#forget = onAbort(signal, () => (this.isStopped = true));
  }

  /** @returns what to wait for before the next batch */
  write(batch: E[] | SourceBatch<E>): undefined | Promise<void> {
    const blocked = writeBatch(batch, this.#output);
    return this.#turn.isOver ? this.#yield(blocked) : blocked;
  }

  end(): void {
    this.#forget();
  }

  async #yield(blocked: undefined | Promise<void>): Promise<void> {
    await blocked;
    await this.#scheduler.yield();
    this.#turn.begin();
  }
}

async function pushAsync<E>(
  batches: AsyncIterable<E[] | SourceBatch<E>>,
  output: SourceOutput<E>,
  context: SourceContext,
): Promise<void> {
  const one: SourceOutput<E[] | SourceBatch<E>> = {
    write: ({ events }) => events[0] && writeBatch(events[0], output),
    get isFull() {
      return output.isFull;
    },
    endPartition: (partition) => output.endPartition(partition),
  };
  await pullAsync(batches[Symbol.asyncIterator](), one, context, 1);
}

function writeBatch<E>(batch: E[] | SourceBatch<E>, output: SourceOutput<E>): undefined | Promise<void> {
  const ready: SourceBatch<E> = Array.isArray(batch) ? { events: batch, bytes: batchBytes(batch) } : batch;
  if (!Array.isArray(ready.events)) {
    throw new ConfigError('fromBatches()', 'batches that are arrays or have an array `events`', batch);
  }
  return ready.events.length === 0 ? undefined : output.write(ready);
}

/** The engine owns the arrays it is given, so the user's own is never handed over. */
function* slices<E>(items: readonly E[]): Generator<E[]> {
  for (let i = 0; i < items.length; i += BATCH_EVENTS) yield items.slice(i, i + BATCH_EVENTS);
}

function* gathered<E>(items: Iterable<E>): Generator<E[]> {
  let batch: E[] = [];
  for (const item of items) {
    if (batch.push(item) < BATCH_EVENTS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function begin<T>(sequence: Sequence<T>): Iterable<T> | AsyncIterable<T> {
  const begun = typeof sequence === 'function' ? sequence() : sequence;
  if (!isIterable(begun)) throw new ConfigError('iterable()', 'a function that returns an iterable', begun);
  return begun;
}

function check(sequence: unknown, name: string): void {
  if (typeof sequence === 'function' || isIterable(sequence)) return;
  throw new ConfigError(`${name}()`, 'an iterable, an async iterable, or a function that returns one', sequence);
}

function nameOf(options: IterableOptions, path: string, otherwise: string): string {
  knownOptions(options, path, ['name']);
  return nameOption(options.name, `${path}.name`, otherwise);
}

function isIterable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.iterator in value || Symbol.asyncIterator in value;
}

function isAsync<T>(sequence: Iterable<T> | AsyncIterable<T>): sequence is AsyncIterable<T> {
  return Symbol.asyncIterator in sequence;
}
