import { filter, fromPromise, map, mergeMapConcurrently, propagateTask } from '@most/core';
import { newDefaultScheduler } from '@most/scheduler';
import type { Disposable, Scheduler, Sink, Stream } from '@most/types';
import { fnOf, type Batch, type Operator, type Peer } from '../contestant.ts';

/**
 * @most/core 1.6. A source of our own that emits from a plain loop within one task, and a sink of our own
 * instead of `tap` and `runEffects`. Its `map` and `filter` fuse neighbours by themselves.
 */
export const most: Peer = {
  name: '@most/core',
  run: (batches, operators, terminal) => {
    const piped = operators.reduce(applied, eventsOf(batches));
    return ended(piped, terminal.one as (event: unknown) => void).then(terminal.end);
  },
  each: (batches, call, inFlight) => {
    const one = (event: unknown): Stream<unknown> => fromPromise((call as (event: unknown) => Promise<unknown>)(event));
    return ended(mergeMapConcurrently(one, inFlight, eventsOf(batches)), () => undefined);
  },
};

const scheduler = newDefaultScheduler();

function applied(stream: Stream<unknown>, operator: Operator): Stream<unknown> {
  return operator.kind === 'map'
    ? map(fnOf(operator), stream)
    : filter(fnOf(operator) as (e: unknown) => boolean, stream);
}

function eventsOf(batches: readonly Batch[]): Stream<unknown> {
  return {
    run: (sink: Sink<unknown>, at: Scheduler): Disposable =>
      at.scheduleTask(
        0,
        0,
        -1,
        propagateTask(
          (time: number, _: unknown, to: Sink<unknown>) => {
            for (const batch of batches) for (const event of batch) to.event(time, event);
            to.end(time);
          },
          undefined,
          sink,
        ),
      ),
  };
}

function ended(stream: Stream<unknown>, event: (event: unknown) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const sink: Sink<unknown> = {
      event: (_, value) => event(value),
      end: () => resolve(),
      error: (_, error) => reject(error),
    };
    stream.run(sink, scheduler);
  });
}
