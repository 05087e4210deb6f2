import { Effect, Stream } from 'effect';
import { fnOf, type Batch, type Fn, type Operator, type Peer } from '../contestant.ts';

/** effect 4 Stream, fed arrays, which it then passes on whole (per event it is several times dearer), read by arrays. */
export const effectStream: Peer = {
  name: 'effect Stream',
  run: async (batches, operators, terminal) => {
    const all = terminal.all as (events: Batch) => void;
    const piped = operators.reduce(applied, eventsOf(batches));
    await Effect.runPromise(Stream.runForEachArray(piped, (events) => Effect.sync(() => all(events))));
    terminal.end();
  },
  each: async (batches, call, inFlight) => {
    const one = call as Fn as (event: unknown) => Promise<unknown>;
    const calls = Stream.mapEffect(eventsOf(batches), (event) => Effect.promise(() => one(event)), {
      concurrency: inFlight,
      unordered: true,
    });
    await Effect.runPromise(Stream.runDrain(calls));
  },
};

function eventsOf(batches: readonly Batch[]): Stream.Stream<unknown> {
  return Stream.fromArrays(...batches);
}

function applied(stream: Stream.Stream<unknown>, operator: Operator): Stream.Stream<unknown> {
  return operator.kind === 'map'
    ? Stream.map(stream, fnOf(operator))
    : Stream.filter(stream, fnOf(operator) as (event: unknown) => boolean);
}
