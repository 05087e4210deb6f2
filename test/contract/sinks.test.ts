import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { WritableStream } from 'node:stream/web';
import { gunzipSync } from 'node:zlib';
import { file } from '../../src/connector/file/file.ts';
import { http } from '../../src/connector/http/http.ts';
import { log } from '../../src/connector/log/log.ts';
import { callback, memory } from '../../src/connector/memory/memory.ts';
import { stdout } from '../../src/connector/stdio/stdout.ts';
import { stream } from '../../src/connector/stream/stream.ts';
import { durableLog } from '../../src/engine/durable-log.ts';
import { ConnectorError } from '../../src/errors/errors.ts';
import { sinkContract, type PreparedSink, type Record } from './sink-contract.ts';

const parse = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
const isStream = 'a stream can be written by one run';

sinkContract({
  name: 'memory',
  prepare: () => {
    const sink = memory<Record>();
    return { sink, read: () => [...sink.events] };
  },
  skips: { failure: 'only its bound can refuse: memory.test.ts' },
});
sinkContract({
  name: 'callback',
  prepare: () => {
    const seen: Record[] = [];
    let isBroken = false;
    const sink = callback<Record>(async (events) => {
      await Promise.resolve();
      if (isBroken) throw new ConnectorError('test', 'broken');
      seen.push(...events);
    });
    return {
      sink,
      read: () => seen,
      breakTarget: () => {
        isBroken = true;
      },
    };
  },
});

function inFolder(make: (folder: string) => PreparedSink): PreparedSink {
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

sinkContract({
  name: 'file',
  skips: { failure: 'see connector-file.test.ts: needs a full or read-only disk' },
  prepare: () =>
    inFolder((folder) => {
      const path = join(folder, 'out.ndjson');
      return { sink: file(path), read: () => parse(readFileSync(path, 'utf8')) };
    }),
});
sinkContract({
  name: 'log',
  skips: { failure: 'a disk that fails: src/log' },
  prepare: () =>
    inFolder((folder) => ({
      sink: log(folder),
      read: async () => {
        const queue = await durableLog(folder);
        const events: unknown[] = [];
        for await (const batch of queue.read({ follow: false })) {
          for (const bytes of batch) events.push(JSON.parse(Buffer.from(bytes).toString()));
        }
        await queue.close();
        return events;
      },
    })),
});
sinkContract({
  name: 'file (gzip, fsync)',
  skips: { failure: 'as file' },
  prepare: () =>
    inFolder((folder) => {
      const path = join(folder, 'out.ndjson.gz');
      return { sink: file(path, { fsync: true }), read: () => parse(gunzipSync(readFileSync(path)).toString()) };
    }),
});
sinkContract({
  name: 'file (rotating)',
  skips: { failure: 'as file' },
  prepare: () =>
    inFolder((folder) => {
      const path = join(folder, 'out.ndjson');
      const parts = ['out-000001', 'out-000002', 'out-000003', 'out-000004', 'out'];
      return {
        sink: file(path, { rotate: { bytes: 1024 } }),
        read: () =>
          parts
            .map((part) => join(folder, `${part}.ndjson`))
            .filter((part) => existsSync(part))
            .flatMap((part) => parse(readFileSync(part, 'utf8'))),
      };
    }),
});
sinkContract({
  name: 'stdout',
  prepare: () =>
    inFolder((folder) => {
      const path = join(folder, 'out');
      const fd = openSync(path, 'a');
      let isClosed = false;
      const close = (): void => {
        if (!isClosed) closeSync(fd);
        isClosed = true;
      };
      return {
        sink: stdout({ fd }),
        read: () => parse(readFileSync(path, 'utf8')),
        breakTarget: close,
        cleanUp: close,
      };
    }),
});
sinkContract({
  name: 'stream(Writable of objects)',
  skips: { again: isStream },
  prepare: () => {
    const seen: unknown[] = [];
    const writable = new Writable({
      objectMode: true,
      highWaterMark: 2,
      write: (event, _encoding, done) => {
        seen.push(event);
        setImmediate(done);
      },
    });
    return {
      sink: stream<Record>(writable),
      read: () => seen,
      breakTarget: () => void writable.destroy(new Error('broken')),
    };
  },
});
sinkContract({
  name: 'stream(Writable of bytes)',
  skips: { again: isStream },
  prepare: () => {
    const seen: Buffer[] = [];
    const writable = new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        seen.push(bytes);
        done();
      },
    });
    return {
      sink: stream(writable, { format: 'ndjson' }),
      read: () => parse(Buffer.concat(seen).toString()),
      breakTarget: () => void writable.destroy(new Error('broken')),
    };
  },
});
sinkContract({
  name: 'stream(WritableStream)',
  skips: { again: isStream },
  prepare: () => {
    const seen: unknown[] = [];
    let fail: (error: Error) => void = () => undefined;
    const writable = new WritableStream<Record>({
      start: (controller) => {
        fail = (error) => controller.error(error);
      },
      write: (event) => void seen.push(event),
    });
    return { sink: stream(writable), read: () => seen, breakTarget: () => fail(new Error('broken')) };
  },
});
for (const format of ['ndjson', 'json'] as const) {
  for (const gzip of [false, true]) {
    sinkContract({
      name: `http (${format}${gzip ? ', gzip' : ''})`,
      prepare: async () => {
        const seen: unknown[] = [];
        let status = 200;
        const server = createServer((request, response) => {
          const chunks: Buffer[] = [];
          request.on('data', (bytes: Buffer) => chunks.push(bytes));
          request.on('end', () => {
            const body = Buffer.concat(chunks);
            const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
            if (status === 200) seen.push(...(format === 'json' ? (JSON.parse(text) as unknown[]) : parse(text)));
            response.writeHead(status).end();
          });
        });
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const { port } = server.address() as AddressInfo;
        return {
          sink: http({ url: `http://127.0.0.1:${port}/in`, format, gzip }),
          read: () => seen,
          breakTarget: () => {
            status = 500;
          },
          cleanUp: () => void server.close(),
        };
      },
    });
  }
}
