import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import type { SinkWriter } from '../../event/sink.ts';
import { lineEncoder, type LineFormat } from '../encode-lines.ts';
import { systemFailure } from '../system-failure.ts';

/** A batch is confirmed when the stream has called back for its last event: they finish in order. */
export function nodeWriter(
  writable: Writable,
  name: string,
  format: LineFormat | undefined,
  ends: boolean,
): SinkWriter<unknown> {
  const text = format && textOf(format, name);
  let failure: Error | undefined;
  writable.on('error', (error) => {
    failure ??= error;
  });
  return {
    write: (events) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined || events.length === 0) {
          if (failure === undefined) resolve();
          else reject(systemFailure(name, 'the stream failed', failure));
          return;
        }
        const done = (error: Error | null | undefined): void => {
          if (error == null) resolve();
          else reject(systemFailure(name, 'the stream failed', error));
        };
        if (text !== undefined) {
          writable.write(text(events), done);
          return;
        }
        const last = events.length - 1;
        for (let i = 0; i < last; i += 1) writable.write(events[i]);
        writable.write(events[last], done);
      }),
    close: () => {
      if (!ends || failure !== undefined) return undefined;
      return new Promise((resolve, reject) => {
        writable.once('error', (error) => reject(systemFailure(name, 'the stream failed', error)));
        writable.end(() => resolve());
      });
    },
  };
}

export function webWriter(
  writable: WritableStream<unknown>,
  name: string,
  format: LineFormat | undefined,
  ends: boolean,
): SinkWriter<unknown> {
  const text = format && textOf(format, name);
  const writer = writable.getWriter();
  // The writes below report the failure; without a handler it would count as unhandled as well.
  writer.closed.catch(() => undefined);
  return {
    write: async (events) => {
      if (events.length === 0) return;
      try {
        const writes = text === undefined ? events.map((event) => writer.write(event)) : [writer.write(text(events))];
        await Promise.all(writes);
      } catch (error) {
        throw systemFailure(name, 'the stream failed', error);
      }
    },
    close: async () => {
      if (ends) await writer.close();
      else writer.releaseLock();
    },
  };
}

function textOf(format: LineFormat, name: string): (events: readonly unknown[]) => Uint8Array {
  const encoder = lineEncoder(format, name);
  let isBegun = false;
  return (events) => {
    const bytes = encoder.encode(events, !isBegun);
    isBegun = true;
    return bytes;
  };
}
