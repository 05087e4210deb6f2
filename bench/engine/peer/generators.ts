import { fnOf, type Batch, type Fn, type Operator, type Peer } from '../contestant.ts';
import { arrayOperator } from './node-streams.ts';

/** Async generators, an event at a time: one generator function per operator, `for await` at the end. */
export const generatorsPerEvent: Peer = {
  name: 'async generators, events',
  run: async (batches, operators, terminal) => {
    const one = terminal.one as (event: unknown) => void;
    for await (const event of operators.reduce(applied, eventsOf(batches))) one(event);
    terminal.end();
  },
  each: (batches, call, inFlight) => calling(eventsOf(batches), call as Fn, inFlight),
};

/** Async generators over arrays of 256: Array#map and Array#filter within. */
export const generatorsOverArrays: Peer = {
  name: 'async generators, arrays',
  run: async (batches, operators, terminal) => {
    const all = terminal.all as (events: Batch) => void;
    for await (const batch of operators.map(arrayOperator).reduce(applied, arraysOf(batches))) all(batch as Batch);
    terminal.end();
  },
  arrays: (batches, call, inFlight) => calling(arraysOf(batches), call as Fn, inFlight),
};

// An async source costs less than a sync one here: `for await` wraps each value of a sync iterator in a promise.
// eslint-disable-next-line @typescript-eslint/require-await -- see above
async function* eventsOf(batches: readonly Batch[]): AsyncGenerator {
  for (const batch of batches) for (const event of batch) yield event;
}

// eslint-disable-next-line @typescript-eslint/require-await -- as above
async function* arraysOf(batches: readonly Batch[]): AsyncGenerator {
  for (const batch of batches) yield batch;
}

function applied(source: AsyncIterable<unknown>, operator: Operator): AsyncIterable<unknown> {
  return operator.kind === 'map' ? mapped(source, fnOf(operator)) : filtered(source, fnOf(operator));
}

async function* mapped(source: AsyncIterable<unknown>, fn: Fn): AsyncGenerator {
  for await (const event of source) yield fn(event);
}

async function* filtered(source: AsyncIterable<unknown>, fn: Fn): AsyncGenerator {
  for await (const event of source) if (fn(event)) yield event;
}

/** A counter of calls and one promise to wait on when they are too many: cheaper than racing or a set of promises. */
async function calling(source: AsyncIterable<unknown>, call: Fn, inFlight: number): Promise<void> {
  let running = 0;
  let wake: (() => void) | undefined;
  const finished = (): void => {
    running -= 1;
    wake?.();
    wake = undefined;
  };
  const oneFinished = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  for await (const input of source) {
    running += 1;
    void (call(input) as Promise<unknown>).then(finished);
    if (running >= inFlight) await oneFinished();
  }
  while (running > 0) await oneFinished();
}
