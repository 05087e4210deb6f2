/**
 * Iterables as sources: what is ready is gathered into batches.
 *
 * **Invariants** (iterable.test.ts, test/contract)
 * - Items keep their order; each is handed over exactly once.
 * - An item waits at most for the end of the turn in which it became ready, never for the next one.
 * - A synchronous iterable gives up its turn in time, so that I/O and timers run.
 */

import { batchOf, type GivenBatch, type SourceBatch } from '../../event/batch.ts';
import type { EventSource, SourceContext, SourceOutput } from '../../event/source.ts';
import { knownOptions } from '../../errors/declared.ts';
import { ConfigError } from '../../errors/errors.ts';
import { nameOption } from '../options.ts';
import { Turn } from '../turn.ts';
import { BatchSize } from './batch-size.ts';
import { pullAsync } from './pull.ts';

/** A sequence, or a function that begins a new one (so that a flow can run more than once). */
export type Sequence<T> = Iterable<T> | AsyncIterable<T> | (() => Iterable<T> | AsyncIterable<T>);

export interface IterableOptions {
  /** Name of the source in metrics. Default `iterable`. */
  readonly name?: string;
}

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
      const size = new BatchSize();
      if (isAsync(sequence)) return pullAsync(sequence[Symbol.asyncIterator](), output, context, size);
      const batches = Array.isArray(sequence) ? slices(sequence, size) : gathered(sequence, size);
      return pushBatches(batches, output, context, size);
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
export function fromBatches<E>(batches: Sequence<GivenBatch<E>>, options: IterableOptions = {}): EventSource<E> {
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

/** Writes what is at hand in runs, giving up the turn by time. */
async function pushBatches<E>(
  batches: Iterable<GivenBatch<E>>,
  output: SourceOutput<E>,
  { scheduler, signal }: SourceContext,
  size?: BatchSize,
): Promise<void> {
  const turn = new Turn(scheduler);
  for (const run of Array.isArray(batches) ? [batches as readonly GivenBatch<E>[]] : singly(batches)) {
    for (let next = 0; next < run.length;) {
      let { end, blocked } = output.writeRun(run, next, Math.min(run.length, next + turn.left));
      if (end === next) {
        const batch = batchOf(run[next] as GivenBatch<E>);
        if (batch.events.length > 0) blocked = output.write(batch);
        end += 1;
      }
      const isOver = turn.isOver(end - next);
      next = end;
      if (blocked === undefined) size?.hasRoom();
      else await (size?.room(blocked, scheduler) ?? blocked);
      if (isOver) {
        await scheduler.yield();
        turn.begin();
      }
      if (signal.aborted) return;
    }
  }
}

function* singly<T>(items: Iterable<T>): Generator<readonly T[]> {
  for (const item of items) yield [item];
}

async function pushAsync<E>(
  batches: AsyncIterable<GivenBatch<E>>,
  output: SourceOutput<E>,
  context: SourceContext,
): Promise<void> {
  const one = { write: ({ events }: SourceBatch<GivenBatch<E>>) => events[0] && output.write(batchOf(events[0])) };
  await pullAsync(batches[Symbol.asyncIterator](), one, context);
}

/** The engine owns the arrays it is given, so the user's own is never handed over. */
function* slices<E>(items: readonly E[], size: BatchSize): Generator<E[]> {
  for (let i = 0; i < items.length;) {
    const end = i + size.events;
    yield items.slice(i, end);
    i = end;
  }
}

function* gathered<E>(items: Iterable<E>, size: BatchSize): Generator<E[]> {
  let batch: E[] = [];
  let most = size.events;
  for (const item of items) {
    if (batch.push(item) < most) continue;
    yield batch;
    batch = [];
    most = size.events;
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
