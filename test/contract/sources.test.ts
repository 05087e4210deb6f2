import { mkdtempSync, openSync, rmSync, writeFileSync, closeSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { gzipSync } from 'node:zlib';
import { file } from '../../src/connector/file/file.ts';
import { generate, generateBytes } from '../../src/connector/generate/generate.ts';
import { http } from '../../src/connector/http/http.ts';
import { fromBatches, iterable } from '../../src/connector/iterable/iterable.ts';
import { log } from '../../src/connector/log/log.ts';
import { durableLog } from '../../src/engine/durable-log.ts';
import { stdin } from '../../src/connector/stdio/stdin.ts';
import { stream } from '../../src/connector/stream/stream.ts';
import { tcp } from '../../src/connector/tcp/tcp.ts';
import { sourceContract, type Item, type Prepared } from './source-contract.ts';

const lines = (events: readonly Item[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join('');
const batches = (events: readonly Item[]): Item[][] =>
  Array.from({ length: Math.ceil(events.length / 100) }, (_, i) => events.slice(i * 100, i * 100 + 100));
const once = 'a stream can be read once';

sourceContract({ name: 'iterable(array)', isEndless: false, prepare: (events) => ({ source: iterable(events) }) });
sourceContract({
  name: 'iterable(generator function)',
  isEndless: false,
  prepare: (events) => ({
    source: iterable(function* () {
      yield* events;
    }),
  }),
});
sourceContract({
  name: 'iterable(async generator function)',
  isEndless: false,
  prepare: (events) => ({
    source: iterable(async function* () {
      for (const event of events) {
        if (event.id % 700 === 0) await new Promise((resolve) => setImmediate(resolve));
        yield event;
      }
    }),
  }),
});
sourceContract({
  name: 'fromBatches(arrays)',
  isEndless: false,
  prepare: (events) => ({ source: fromBatches(() => batches(events)) }),
});
sourceContract({
  name: 'fromBatches(async, SourceBatch)',
  isEndless: false,
  prepare: (events) => ({
    source: fromBatches(async function* () {
      for (const batch of batches(events)) {
        await Promise.resolve();
        yield { events: batch, bytes: 1000 };
      }
    }),
  }),
});
sourceContract({
  name: 'log',
  isEndless: false,
  prepare: async (events) => {
    const folder = mkdtempSync(join(tmpdir(), 'daoflow-'));
    const queue = await durableLog(folder);
    await queue.append(events.map((event) => Buffer.from(JSON.stringify(event))));
    await queue.close();
    return { source: log(folder, { follow: false }), cleanUp: () => rmSync(folder, { recursive: true, force: true }) };
  },
});
sourceContract({
  name: 'generate',
  isEndless: false,
  prepare: (events) => ({ source: generate({ rate: 100_000, limit: events.length, make: (i) => events[i] }) }),
});
sourceContract({
  name: 'generateBytes',
  isEndless: false,
  prepare: (events) => ({
    source: generateBytes({
      rate: () => 100_000,
      limit: events.length,
      make: (first, count) => Buffer.from(lines(events.slice(first, first + count))),
    }),
  }),
});
sourceContract({
  name: 'stream(Readable of objects)',
  isEndless: false,
  skips: { again: once },
  prepare: (events) => ({ source: stream(Readable.from(events)) }),
});
sourceContract({
  name: 'stream(Readable of bytes)',
  isEndless: false,
  skips: { again: once },
  prepare: (events) => ({
    source: stream(
      Readable.from(
        batches(events).map((batch) => Buffer.from(lines(batch))),
        { objectMode: false },
      ),
      { format: 'ndjson' },
    ),
  }),
});
sourceContract({
  name: 'stream(ReadableStream of objects)',
  isEndless: false,
  skips: { again: once },
  prepare: (events) => ({ source: stream(ReadableStream.from(events)) }),
});
sourceContract({
  name: 'stream(ReadableStream of bytes)',
  isEndless: false,
  skips: { again: once },
  prepare: (events) => ({
    source: stream(ReadableStream.from(batches(events).map((batch) => new TextEncoder().encode(lines(batch)))), {
      format: 'ndjson',
    }),
  }),
});

function inFolder(make: (folder: string) => Prepared): Prepared {
  const folder = mkdtempSync(join(tmpdir(), 'daoflow-'));
  const prepared = make(folder);
  return {
    ...prepared,
    cleanUp: async () => {
      await prepared.cleanUp?.();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function fileOf(events: readonly Item[], name: string, bytes: Uint8Array | string = lines(events)): Prepared {
  return inFolder((folder) => {
    writeFileSync(join(folder, name), bytes);
    return { source: file(join(folder, name)) };
  });
}

sourceContract({ name: 'file', isEndless: false, prepare: (events) => fileOf(events, 'a.ndjson') });
sourceContract({
  name: 'file (gzip)',
  isEndless: false,
  prepare: (events) => fileOf(events, 'a.ndjson.gz', gzipSync(lines(events))),
});
sourceContract({
  name: 'file (glob, several)',
  isEndless: false,
  prepare: (events) =>
    inFolder((folder) => {
      batches(events).forEach((batch, i) =>
        writeFileSync(join(folder, `part-${String(i).padStart(4, '0')}.ndjson`), lines(batch)),
      );
      return { source: file(join(folder, '*.ndjson')) };
    }),
});
sourceContract({
  name: 'file (follow)',
  isEndless: true,
  prepare: (events) =>
    inFolder((folder) => {
      writeFileSync(join(folder, 'a.ndjson'), lines(events));
      return { source: file(join(folder, 'a.ndjson'), { follow: true, poll: 2 }) };
    }),
});
sourceContract({
  name: 'stdin (file)',
  isEndless: false,
  skips: { again: 'a descriptor has one position' },
  prepare: (events) =>
    inFolder((folder) => {
      writeFileSync(join(folder, 'in'), lines(events));
      const fd = openSync(join(folder, 'in'), 'r');
      return { source: stdin({ fd }), cleanUp: () => closeSync(fd) };
    }),
});

sourceContract({
  name: 'tcp',
  isEndless: true,
  prepare: (events) => {
    let listening!: (port: number) => void;
    const ports: Promise<number>[] = [];
    const next = (): void => {
      ports.push(
        new Promise((resolve) => {
          listening = resolve;
        }),
      );
    };
    next();
    const source = tcp({
      port: 0,
      onListening: ({ port }) => {
        listening(port);
        next();
      },
    });
    return {
      source,
      feed: async () => {
        const socket = connect((await ports.shift()) as number, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.end(lines(events));
        await new Promise((resolve) => socket.once('close', resolve));
      },
    };
  },
});

sourceContract({
  name: 'http',
  isEndless: true,
  skips: { backPressure: 'HTTP refuses with 429 instead of waiting: connector-http.test.ts' },
  prepare: (events) => {
    let listening!: (port: number) => void;
    const ports: Promise<number>[] = [];
    const next = (): void => {
      ports.push(
        new Promise((resolve) => {
          listening = resolve;
        }),
      );
    };
    next();
    const source = http({
      port: 0,
      onListening: ({ port }) => {
        listening(port);
        next();
      },
    });
    return {
      source,
      feed: async () => {
        const port = (await ports.shift()) as number;
        for (const batch of batches(events)) await post(port, lines(batch));
      },
    };
  },
});

function post(port: number, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-ndjson' };
    const outgoing = request({ port, host: '127.0.0.1', method: 'POST', headers }, (response) => {
      response.resume();
      response.once('end', resolve);
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
