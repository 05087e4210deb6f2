import { ReadableStream, TransformStream, WritableStream } from 'node:stream/web';
import { fnOf, type Batch, type Fn, type Operator, type Peer } from '../contestant.ts';

/** Chunks that each queue may hold. With 0 or 1, the default, each chunk is a round trip through the whole chain. */
const QUEUE = { highWaterMark: 64 };

/** Web Streams, an event per chunk: a TransformStream per operator, `pipeThrough` and `pipeTo`. */
export const webStreams: Peer = {
  name: 'Web Streams',
  run: async (batches, operators, terminal) => {
    const one = terminal.one as (event: unknown) => void;
    await operators
      .reduce(applied, eventsOf(batches))
      .pipeTo(new WritableStream({ write: (event) => one(event) }, QUEUE));
    terminal.end();
  },
  each: (batches, call, inFlight) => eventsOf(batches).pipeTo(calling(call as Fn, inFlight)),
};

function eventsOf(batches: readonly Batch[]): ReadableStream<unknown> {
  let batch = 0;
  let index = 0;
  return new ReadableStream(
    {
      pull: (controller) => {
        for (; batch < batches.length; batch += 1, index = 0) {
          const events = batches[batch] as Batch;
          while (index < events.length) {
            controller.enqueue(events[index++]);
            if ((controller.desiredSize ?? 0) <= 0) return;
          }
        }
        controller.close();
      },
    },
    QUEUE,
  );
}

function applied(stream: ReadableStream<unknown>, operator: Operator): ReadableStream<unknown> {
  const fn = fnOf(operator);
  const isMap = operator.kind === 'map';
  const transform = new TransformStream<unknown, unknown>(
    {
      transform: isMap
        ? (event, controller) => controller.enqueue(fn(event))
        : (event, controller) => {
            if (fn(event)) controller.enqueue(event);
          },
    },
    QUEUE,
    QUEUE,
  );
  return stream.pipeThrough(transform);
}

/** Takes more until so many calls are in flight. */
function calling(call: Fn, inFlight: number): WritableStream<unknown> {
  let running = 0;
  let wake: (() => void) | undefined;
  const finished = (): void => {
    running -= 1;
    wake?.();
    wake = undefined;
  };
  const oneFinished = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  return new WritableStream(
    {
      write: (event) => {
        running += 1;
        void (call(event) as Promise<unknown>).then(finished);
        return running < inFlight ? undefined : oneFinished();
      },
      close: async () => {
        while (running > 0) await oneFinished();
      },
    },
    QUEUE,
  );
}
