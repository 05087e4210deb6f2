import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fnOf, type Batch, type Fn, type Operator, type Peer } from '../contestant.ts';

/** Tried: 16 (Node's own), 64, 256, 1024 objects. From 64 up it makes no difference. */
const OBJECTS = 256;
const ARRAYS = 16;

/** Node streams in object mode: a Transform per operator, `callback(null, value)` (cheaper than `push`), `pipeline`. */
export const nodeObjects: Peer = {
  name: 'Node streams, objects',
  run: async (batches, operators, terminal) => {
    const one = terminal.one as (event: unknown) => void;
    const sink = new Writable({
      objectMode: true,
      highWaterMark: OBJECTS,
      write: (event, _, done) => {
        one(event);
        done();
      },
    });
    await pipeline([eventsOf(batches), ...operators.map((each) => transform(each, OBJECTS)), sink]);
    terminal.end();
  },
  each: (batches, call, inFlight) => pipeline(eventsOf(batches), calling(call as Fn, inFlight, OBJECTS)),
};

/** The same streams, each chunk an array of 256 events: Array#map and Array#filter within. */
export const nodeArrays: Peer = {
  name: 'Node streams, arrays',
  run: async (batches, operators, terminal) => {
    const all = terminal.all as (events: Batch) => void;
    const sink = new Writable({
      objectMode: true,
      highWaterMark: ARRAYS,
      write: (batch, _, done) => {
        all(batch as Batch);
        done();
      },
    });
    const overArrays = operators.map((each) => transform(arrayOperator(each), ARRAYS));
    await pipeline([arraysOf(batches), ...overArrays, sink]);
    terminal.end();
  },
  arrays: (batches, call, inFlight) => pipeline(arraysOf(batches), calling(call as Fn, inFlight, ARRAYS)),
};

function eventsOf(batches: readonly Batch[]): Readable {
  let batch = 0;
  let index = 0;
  return new Readable({
    objectMode: true,
    highWaterMark: OBJECTS,
    read() {
      for (; batch < batches.length; batch += 1, index = 0) {
        const events = batches[batch] as Batch;
        while (index < events.length) if (!this.push(events[index++])) return;
      }
      this.push(null);
    },
  });
}

function arraysOf(batches: readonly Batch[]): Readable {
  let batch = 0;
  return new Readable({
    objectMode: true,
    highWaterMark: ARRAYS,
    read() {
      while (batch < batches.length) if (!this.push(batches[batch++])) return;
      this.push(null);
    },
  });
}

function transform(operator: Operator, highWaterMark: number): Transform {
  const fn = fnOf(operator);
  const isMap = operator.kind === 'map';
  return new Transform({
    objectMode: true,
    highWaterMark,
    transform: isMap
      ? (event, _, done) => done(null, fn(event))
      : (event, _, done) => {
          if (fn(event)) done(null, event);
          else done();
        },
  });
}

/** One operator over arrays: always a map of arrays. */
export function arrayOperator(operator: Operator): { kind: 'map'; fn: (batch: never) => unknown } {
  const fn = fnOf(operator);
  return operator.kind === 'map'
    ? { kind: 'map', fn: (batch: Batch) => batch.map((event) => fn(event)) }
    : { kind: 'map', fn: (batch: Batch) => batch.filter((event) => fn(event)) };
}

/** A Writable that asks for more until so many calls are in flight; one write at a time would be one call in flight. */
function calling(call: Fn, inFlight: number, highWaterMark: number): Writable {
  let running = 0;
  let goOn: ((error?: Error | null) => void) | undefined;
  let isFinal = false;
  const finished = (): void => {
    running -= 1;
    if (goOn === undefined || (isFinal && running > 0)) return;
    const done = goOn;
    goOn = undefined;
    done();
  };
  return new Writable({
    objectMode: true,
    highWaterMark,
    write: (input, _, done) => {
      running += 1;
      void (call(input) as Promise<unknown>).then(finished);
      if (running < inFlight) done();
      else goOn = done;
    },
    final: (done) => {
      isFinal = true;
      if (running === 0) done();
      else goOn = done;
    },
  });
}
