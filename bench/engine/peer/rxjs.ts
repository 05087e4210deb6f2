import { concatMap, filter, from, lastValueFrom, map, mergeMap, Observable, type OperatorFunction } from 'rxjs';
import { fnOf, type Batch, type Operator, type Peer } from '../contestant.ts';

/**
 * RxJS 7. An Observable of our own pushes from a plain loop (cheaper than `from`, which asks an iterator),
 * one `pipe`, one subscriber. Window sums in the subscriber: `groupBy` with a `scan` per key costs
 * about three times as much.
 */
export const rxjs: Peer = {
  name: 'RxJS',
  run(batches, operators, terminal) {
    const operations = operators.map(operation);
    const piped = operations.reduce((source, each) => each(source), eventsOf(batches));
    piped.subscribe({ next: terminal.one as (event: unknown) => void, complete: terminal.end });
    return undefined;
  },
  // A batch at a time keeps the queue of `mergeMap` short: with all events in it, its shift() is what is measured.
  each: async (batches, call, inFlight) => {
    const one = call as (event: unknown) => Promise<unknown>;
    const calls = from(batches).pipe(concatMap((batch) => from(batch).pipe(mergeMap(one, inFlight))));
    await lastValueFrom(calls, { defaultValue: undefined });
  },
  arrays: async (batches, call, inFlight) => {
    await lastValueFrom(from(batches).pipe(mergeMap(call as (batch: Batch) => Promise<unknown>, inFlight)));
  },
};

function operation(operator: Operator): OperatorFunction<unknown, unknown> {
  return operator.kind === 'map' ? map(fnOf(operator)) : filter(fnOf(operator) as (event: unknown) => boolean);
}

function eventsOf(batches: readonly Batch[]): Observable<unknown> {
  return new Observable((subscriber) => {
    for (const batch of batches) for (const event of batch) subscriber.next(event);
    subscriber.complete();
  });
}
