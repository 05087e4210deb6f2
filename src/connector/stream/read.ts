import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { SourceBatch } from '../../event/batch.ts';
import type { ByteSource, EventSource, Format, SourceContext, SourceOutput } from '../../event/source.ts';
import { batchBytes } from '../../event/event-size.ts';
import { BatchSize } from '../iterable/batch-size.ts';
import { pullAsync } from '../iterable/pull.ts';
import { RecordEnd } from '../record-end.ts';
import { systemFailure } from '../system-failure.ts';
import { onAbort } from '../waiting.ts';

const STOPPED = 'the run was stopped in the middle of this record';

type Side<S> = Omit<S, 'name'>;

export function nodeReader(
  readable: Readable,
  name: string,
  format: Format | undefined,
): Side<EventSource<unknown>> | Side<ByteSource> {
  if (format === undefined) {
    return { kind: 'events', run: (output, context) => readObjects(readable, name, output, context) };
  }
  return byteSide(name, format, (record, context) => readBytes(readable, name, record, context));
}

export function webReader(
  readable: ReadableStream<unknown>,
  name: string,
  format: Format | undefined,
): Side<EventSource<unknown>> | Side<ByteSource> {
  if (format === undefined) {
    return {
      kind: 'events',
      run: (output, context) => naming(name, pullAsync(iteratorOf(readable), output, context, new BatchSize())),
    };
  }
  return byteSide(name, format, (record, context) => {
    const output = { write: ({ events }: SourceBatch) => record.write(bytesOf(events[0])) };
    return naming(name, pullAsync(iteratorOf(readable), output, context));
  });
}

function byteSide(
  name: string,
  format: Format,
  read: (record: RecordEnd, context: SourceContext) => Promise<void>,
): Side<ByteSource> {
  return {
    kind: 'bytes',
    format,
    run: async (output, context) => {
      const record = new RecordEnd(output.channel(name, format), format);
      let why: string | undefined = 'the stream failed';
      try {
        await read(record, context);
        why = context.signal.aborted ? STOPPED : undefined;
      } finally {
        record.end(why);
        output.endPartition(name);
      }
    },
  };
}

/** What is buffered comes as one batch; the stream refills meanwhile. */
function readObjects(
  readable: Readable,
  name: string,
  output: SourceOutput<unknown>,
  context: SourceContext,
): Promise<void> {
  let blocked: Promise<void> | undefined;
  const size = new BatchSize();
  const take = (): void => {
    while (blocked === undefined && !context.signal.aborted) {
      const events: unknown[] = [];
      for (let event: unknown = readable.read(); event !== null; event = readable.read()) {
        if (events.push(event) >= size.events) break;
      }
      if (events.length === 0) return;
      const full = output.write({ events, bytes: batchBytes(events) });
      if (full === undefined) size.hasRoom();
      else blocked = size.room(full, context.scheduler);
    }
    void blocked?.then(() => {
      blocked = undefined;
      take();
    });
  };
  readable.on('readable', take);
  take();
  return untilEnd(readable, name, context).finally(() => readable.removeListener('readable', take));
}

function readBytes(readable: Readable, name: string, record: RecordEnd, context: SourceContext): Promise<void> {
  const take = (chunk: unknown): void => {
    if (context.signal.aborted) return;
    const blocked = record.write(bytesOf(chunk));
    if (blocked === undefined) return;
    readable.pause();
    void blocked.then(() => readable.resume());
  };
  readable.on('data', take);
  return untilEnd(readable, name, context).finally(() => readable.removeListener('data', take));
}

/** An aborted run destroys the stream: nobody else will read it. */
function untilEnd(readable: Readable, name: string, { signal }: SourceContext): Promise<void> {
  return new Promise((resolve, reject) => {
    if (readable.readableEnded || readable.destroyed) {
      resolve();
      return;
    }
    let hasEnded = false;
    const forget = onAbort(signal, () => {
      readable.destroy();
      resolve();
    });
    readable.once('end', () => {
      hasEnded = true;
      forget();
      resolve();
    });
    readable.on('error', (error) => {
      forget();
      reject(systemFailure(name, 'the stream failed', error));
    });
    readable.once('close', () => {
      forget();
      if (hasEnded || signal.aborted) resolve();
      else reject(systemFailure(name, 'the stream failed', new Error('it was closed before its end')));
    });
  });
}

function iteratorOf(readable: ReadableStream<unknown>): AsyncIterator<unknown> {
  const reader = readable.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

async function naming(name: string, reading: Promise<void>): Promise<void> {
  try {
    await reading;
  } catch (error) {
    throw systemFailure(name, 'the stream failed', error);
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  throw new TypeError(`a chunk is neither bytes nor text but ${typeof chunk}`);
}
