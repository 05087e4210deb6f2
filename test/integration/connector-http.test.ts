import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { http } from '../../src/connector/http/http.ts';
import { retryAfter } from '../../src/connector/http/sink.ts';
import type { HttpSourceOptions } from '../../src/connector/http/settings.ts';
import { ConfigError, ConnectorError } from '../../src/errors/errors.ts';
import { sinkContext } from '../contract/sink-contract.ts';
import { fakeContext, FakeOutput, runSource, until, type FakeContext } from '../contract/source-harness.ts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}
interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}
interface Serving {
  readonly port: number;
  readonly output: FakeOutput;
  readonly context: FakeContext;
  readonly call: (call: Call) => Promise<Answer>;
}

async function serving(options: Partial<HttpSourceOptions>, test: (serving: Serving) => Promise<void>): Promise<void> {
  const output = new FakeOutput();
  const context = fakeContext();
  let run: Promise<void> = Promise.resolve();
  const port = await new Promise<number>((resolve, reject) => {
    const source = http({ port: 0, path: '/in', ...options, onListening: (address) => resolve(address.port) });
    run = runSource(source, output, context);
    run.catch(reject);
  });
  try {
    await test({ port, output, context, call: (call) => send(port, call) });
  } finally {
    context.abort();
    await run;
  }
}

const ndjson = { 'content-type': 'application/x-ndjson' };

function send(port: number, { method = 'POST', path = '/in', headers = ndjson, body }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (bytes: Buffer) => (text += bytes.toString()));
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        resolve({ status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('http as a source', () => {
  it('takes one event, an array, or lines, by content type', () =>
    serving({}, async ({ call, output }) => {
      const json = { 'content-type': 'application/json; charset=utf-8' };
      expect(await call({ headers: json, body: '{"id":1}' })).toMatchObject({
        status: 202,
        body: { accepted: 1, invalid: 0 },
      });
      expect(await call({ headers: json, body: '[{"id":2},{"id":3}]' })).toMatchObject({ body: { accepted: 2 } });
      expect(await call({ body: '{"id":4}\n{"id":5}\n' })).toMatchObject({ status: 202, body: { accepted: 2 } });
      expect(output.events).toEqual([1, 2, 3, 4, 5].map((id) => ({ id })));
    }));

  it('counts invalid events, and refuses a body without a valid one', () =>
    serving({}, async ({ call }) => {
      expect(await call({ body: '{"id":1}\nnonsense\n' })).toMatchObject({
        status: 202,
        body: { accepted: 1, invalid: 1 },
      });
      expect(await call({ body: 'nonsense\n' })).toMatchObject({ status: 400, body: { accepted: 0, invalid: 1 } });
      expect(await call({ body: '' })).toMatchObject({ status: 400, body: { error: 'the body is empty' } });
    }));

  it('refuses wrong paths, methods and types with the right status', () =>
    serving({}, async ({ call, output }) => {
      expect((await call({ path: '/elsewhere', body: '{}' })).status).toBe(404);
      expect(await call({ method: 'PUT', body: '{}' })).toMatchObject({ status: 405, headers: { allow: 'POST' } });
      expect((await call({ headers: { 'content-type': 'text/plain' }, body: '{}' })).status).toBe(415);
      expect((await call({ headers: {}, body: '{}' })).status).toBe(415);
      expect((await call({ headers: { ...ndjson, 'content-encoding': 'br' }, body: '{}' })).status).toBe(415);
      expect(output.writes).toBe(0);
    }));

  it('takes gzip, and counts its bytes after decompression', () =>
    serving({ maxBodyBytes: 10_000 }, async ({ call, output }) => {
      const headers = { ...ndjson, 'content-encoding': 'gzip' };
      expect(await call({ headers, body: gzipSync('{"id":1}\n') })).toMatchObject({ status: 202 });
      const bomb = gzipSync(Buffer.alloc(50_000_000, 10));
      expect((await call({ headers, body: bomb })).status).toBe(413);
      expect((await call({ headers, body: gzipSync('{"id":2}\n').subarray(0, 20) })).status).toBe(400);
      expect(output.events).toEqual([{ id: 1 }]);
    }));

  it('takes nothing of a body that is too long, told or not told beforehand', () =>
    serving({ maxBodyBytes: 1000 }, async ({ call, output }) => {
      const body = '{"id":1}\n'.repeat(1000);
      expect((await call({ body })).status).toBe(413);
      expect((await call({ headers: { ...ndjson, 'transfer-encoding': 'chunked' }, body })).status).toBe(413);
      expect(output.writes).toBe(0);
    }));

  it('answers 429 with Retry-After while the flow is full, and takes again afterwards', () =>
    serving({}, async ({ call, output }) => {
      output.hold();
      expect((await call({ body: '{"id":1}\n' })).status).toBe(202);
      expect(await call({ body: '{"id":2}\n' })).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
      output.release();
      expect((await call({ body: '{"id":3}\n' })).status).toBe(202);
      expect(output.events).toEqual([{ id: 1 }, { id: 3 }]);
      expect(output.writesWhileHeld).toBe(0);
    }));

  it('keeps the connection of a sender that it told to wait, and reads nothing of what was refused', () =>
    serving({}, async ({ port, output }) => {
      const socket = connect(port, '127.0.0.1');
      let answers = '';
      socket.on('data', (bytes: Buffer) => (answers += bytes.toString()));
      const post = async (body: string, status: number): Promise<void> => {
        answers = '';
        const head = `POST /in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ncontent-length: ${body.length}\r\n\r\n`;
        socket.write(head);
        socket.write(body);
        await until(() => answers.includes('}'), 'an answer');
        expect(answers).toContain(`HTTP/1.1 ${status} `);
      };
      output.hold();
      await post('{"id":1}\n', 202);
      await post('{"id":2}\n'.repeat(20_000), 429);
      await post('{"id":3}\n', 429);
      output.release();
      await post('{"id":4}\n', 202);
      expect(output.events).toEqual([{ id: 1 }, { id: 4 }]);
      socket.destroy();
    }));

  it('answers what was begun before an abort, refuses the rest with 503, and ends', () =>
    serving({}, async ({ port, output, context }) => {
      const body = '{"id":1}\n';
      const socket = connect(port, '127.0.0.1');
      const head = `POST /in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ncontent-length: ${body.length}\r\n\r\n`;
      let text = '';
      socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
      socket.on('error', () => undefined);
      socket.write(head + body.slice(0, 4));
      await new Promise((resolve) => setTimeout(resolve, 50)); // the request is under way
      context.abort();
      socket.write(body.slice(4));
      await until(() => text.includes('202 Accepted'), 'the answer');
      expect(output.events).toEqual([{ id: 1 }]);
    }));

  it('serves health, and draining is not healthy', () =>
    serving({}, async ({ call }) => {
      expect(await call({ method: 'GET', path: '/health' })).toMatchObject({ status: 200, body: { status: 'ok' } });
    }));

  it('keeps web pages out: foreign Host and Origin are refused', () =>
    serving({ allowedOrigins: ['https://good.example'] }, async ({ call, output }) => {
      const body = '{"id":1}\n';
      expect((await call({ headers: { ...ndjson, host: 'evil.example' }, body })).status).toBe(403);
      expect((await call({ headers: { ...ndjson, host: 'localhost.evil.example:80' }, body })).status).toBe(403);
      expect((await call({ headers: { ...ndjson, origin: 'http://localhost:3000' }, body })).status).toBe(403);
      expect(output.writes).toBe(0);
      expect((await call({ headers: { ...ndjson, origin: 'https://good.example' }, body })).status).toBe(202);
    }));

  it('wants the token when there is one', () =>
    serving({ token: 'a-long-enough-secret' }, async ({ call }) => {
      const body = '{"id":1}\n';
      const withToken = (token: string): Promise<Answer> =>
        call({ headers: { ...ndjson, authorization: `Bearer ${token}` }, body });
      expect(await call({ body })).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
      expect((await withToken('a-long-enough-secreT')).status).toBe(401);
      expect((await withToken('a-long-enough-secret')).status).toBe(202);
    }));

  it('refuses to be reachable from the network without a token, and warns with one', async () => {
    expect(() => http({ port: 0, host: '0.0.0.0' })).toThrow(ConfigError);
    expect(() => http({ port: 0, token: 'short' })).toThrow(ConfigError);
    await serving({ host: '0.0.0.0', token: 'a-long-enough-secret' }, ({ context }) => {
      expect(context.notices[0]?.level).toBe('warn');
      return Promise.resolve();
    });
  });

  it('bounds the bodies that are held at once', () =>
    serving({ maxBodyBytes: 1000, maxInFlightBytes: 1000 }, async ({ port, call }) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('POST /in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\n');
      socket.write(`content-length: 900\r\n\r\n${'x'.repeat(800)}`);
      await new Promise((resolve) => setTimeout(resolve, 50)); // the first body is held
      const answer = await call({ body: 'y'.repeat(500) });
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      socket.destroy();
      await new Promise((resolve) => setTimeout(resolve, 50)); // and given back
      expect((await call({ body: '{"id":1}\n' })).status).toBe(202);
    }));

  it('hangs up on a sender that does not finish its request', () =>
    serving({ headersTimeout: '100ms', requestTimeout: '200ms' }, async ({ port }) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.resume();
      socket.write('POST /in HTTP/1.1\r\nhost: loc');
      await new Promise((resolve) => socket.once('close', resolve));
    }));

  it('names the fix when the port is taken', () =>
    serving({}, async ({ port }) => {
      const second = runSource(http({ port }), new FakeOutput(), fakeContext());
      await expect(second).rejects.toThrow(/The port is in use/);
    }));
});

describe('http as a sink', () => {
  async function against(
    answer: (request: IncomingMessage, response: ServerResponse) => void,
    options: { readonly credentials?: string; readonly timeout?: string } = {},
  ): Promise<unknown> {
    const server = createServer((incoming, response) => {
      incoming.resume();
      incoming.on('end', () => answer(incoming, response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://${options.credentials ?? ''}127.0.0.1:${port}/in?key=secret-key`;
    const writer = await http({ url, timeout: options.timeout ?? '5s' }).open(sinkContext());
    const { signal } = new AbortController();
    const result: unknown = await Promise.resolve(writer.write([{ id: 1 }], { signal })).catch(
      (error: unknown) => error,
    );
    await writer.close?.();
    server.closeAllConnections();
    server.close();
    return result;
  }

  it.each([
    [429, { retryable: true, backPressure: true }],
    [503, { retryable: true, backPressure: true }],
    [500, { retryable: true, backPressure: false }],
    [400, { retryable: false, backPressure: false }],
    [302, { retryable: false, backPressure: false }],
  ])('takes %i for what it is', async (status, expected) => {
    const error = await against((_request, response) => response.writeHead(status, { location: '/x' }).end('because'));
    expect(error).toBeInstanceOf(ConnectorError);
    expect(error).toMatchObject(expected);
  });

  it('passes on how long the server wants it to wait', async () => {
    const error = await against((_request, response) => response.writeHead(429, { 'retry-after': '3' }).end());
    expect(error).toMatchObject({ retryAfterMs: 3000 });
    const now = Date.UTC(2026, 0, 1);
    expect(retryAfter('Thu, 01 Jan 2026 00:00:05 GMT', now)).toBe(5000);
    expect(retryAfter('nonsense', now)).toBeUndefined();
    expect(retryAfter('999999999', now)).toBe(600_000);
  });

  it('has more requests in flight than Node takes for a leak, without a warning', async () => {
    const CALLS = 12;
    const arrived: ServerResponse[] = [];
    const server = createServer((_request, response) => {
      if (arrived.push(response) === CALLS) for (const each of arrived) each.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const writer = await http({ url: `http://127.0.0.1:${port}/` }).open(sinkContext());
    const { signal } = new AbortController();
    const warnings: string[] = [];
    const warned = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', warned);
    await Promise.all(Array.from({ length: CALLS }, async () => writer.write([{ id: 1 }], { signal })));
    process.off('warning', warned);
    await writer.close?.();
    server.close();
    expect(warnings).toEqual([]);
  });

  it('gives up after its timeout, and may be tried again', async () => {
    const error = await against(() => undefined, { timeout: '100ms' });
    expect(error).toMatchObject({ retryable: true, message: expect.stringContaining('100 ms') as string });
  });

  it('sends credentials of the url as a header, and shows them nowhere', async () => {
    let authorization: string | undefined;
    const error = await against(
      (incoming, response) => {
        ({ authorization } = incoming.headers);
        response.writeHead(500).end();
      },
      { credentials: 'ann:p%40ss@' },
    );
    expect(authorization).toBe(`Basic ${Buffer.from('ann:p@ss').toString('base64')}`);
    expect(String(error)).not.toMatch(/ann|p%40ss|p@ss|secret-key/);
  });

  it('is retryable when nothing listens', async () => {
    const writer = await http({ url: 'http://127.0.0.1:1/' }).open(sinkContext());
    const { signal } = new AbortController();
    const write = Promise.resolve(writer.write([{}], { signal }));
    await expect(write).rejects.toMatchObject({ retryable: true });
  });

  it('refuses wrong declarations without showing secrets', () => {
    expect(() => http({ url: 'ftp://ann:secret@host' })).toThrow(/^(?!.*secret).*$/);
    expect(() => http({ url: 'http://h', headers: { 'x-a': 'b\r\nx-evil: 1' } })).toThrow(ConfigError);
    expect(() => http({ url: 'http://h', headers: { 'bad name': 'b' } })).toThrow(ConfigError);
    expect(() => http({} as HttpSourceOptions)).toThrow(/`port` for a source or `url` for a sink/);
  });
});
