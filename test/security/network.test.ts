/** Rows S1 to S4 and S14 of docs/security.md: what listens, and what is sent to. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { http } from '../../src/connector/http/http.ts';
import type { HttpSourceOptions } from '../../src/connector/http/settings.ts';
import { tcp } from '../../src/connector/tcp/tcp.ts';
import { sinkContext } from '../contract/sink-contract.ts';
import { fakeContext, FakeOutput, runSource, until } from '../contract/source-harness.ts';
import { bytesHeld } from '../support/memory.ts';

const TOKEN = 'a-token-of-20-letters';
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

interface Serving {
  readonly port: number;
  readonly output: FakeOutput;
  readonly notices: () => string;
}

async function serving(options: Partial<HttpSourceOptions>, test: (serving: Serving) => Promise<void>): Promise<void> {
  const [output, context] = [new FakeOutput(), fakeContext()];
  let run: Promise<void> = Promise.resolve();
  const port = await new Promise<number>((resolve, reject) => {
    run = runSource(http({ port: 0, ...options, onListening: (at) => resolve(at.port) }), output, context);
    run.catch(reject);
  });
  try {
    await test({ port, output, notices: () => context.notices.map(({ message }) => message).join('\n') });
  } finally {
    context.abort();
    await run;
  }
}

/** The server's end of the next request. */
function nextServerSocket(): Promise<Socket> {
  return new Promise((resolve) => {
    const take = (message: unknown): void => {
      unsubscribe('http.server.request.start', take);
      resolve((message as { readonly socket: Socket }).socket);
    };
    subscribe('http.server.request.start', take);
  });
}

/** @returns the status; 0 when the connection was closed without an answer */
function post(
  port: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = '{"n":1}\n',
  from?: string,
) {
  return new Promise<number>((resolve) => {
    const type = { 'content-type': 'application/x-ndjson' };
    const options = {
      host: '127.0.0.1',
      port,
      method: 'POST',
      headers: { ...type, ...headers },
      agent: false as const,
    };
    const call = request({ ...options, ...(from === undefined ? {} : { localAddress: from }) }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    call.on('error', () => resolve(0));
    call.end(body);
  });
}

/** A connection that sends a little and then nothing. */
function slow(port: number, from = '127.0.0.1'): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  socket.on('error', () => undefined);
  socket.on('connect', () => socket.write('POST / HTTP/1.1\r\nhost: localhost\r\nx: '));
  sockets.push(socket);
  return socket;
}

const closed = (): number => sockets.filter(({ destroyed }) => destroyed).length;

describe('S1: what listens', () => {
  it.each(['0.0.0.0', '::', '192.0.2.7', 'example.org', '127.1', '::ffff:127.0.0.1'])(
    'refuses %s without a token or a word that it is wanted, and says how',
    (host) => {
      expect(() => http({ port: 0, host })).toThrow(/token/);
      expect(() => tcp({ port: 0, host })).toThrow(/exposed: true/);
      expect(() => http({ port: 0, host, token: TOKEN })).not.toThrow();
    },
  );

  it.each(['', 'short', ' '.repeat(20), 'a token with spaces in it', `${'x'.repeat(20)}\r\nhost: evil`])(
    'refuses the token %j without showing it',
    (token) => {
      expect(() => http({ port: 0, token })).toThrow(/16 to 256 printable characters.*received "\*\*\*"/);
    },
  );

  it('listens on this machine only by default', () =>
    serving({}, async ({ port, notices }) => {
      expect(notices()).toContain(`http://127.0.0.1:${port}`);
      await expect(post(port, {})).resolves.toBe(202);
    }));
});

describe('S2: web pages that reach for this machine', () => {
  it.each([
    [{ host: 'evil.example' }, 403],
    [{ host: 'localhost.evil.example' }, 403],
    [{ host: '127.0.0.1.evil.example:80' }, 403],
    [{ host: 'localhost' }, 202],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'http://localhost:3000' }, 403],
    [{ origin: 'https://good.example' }, 202],
    [{ 'content-type': 'text/plain' }, 415],
    [{ 'content-type': 'application/x-www-form-urlencoded' }, 415],
    [{ 'content-type': 'multipart/form-data; boundary=x' }, 415],
  ])('get for %j the answer %i', async (headers, status) => {
    await serving({ allowedOrigins: ['https://good.example'] }, async ({ port, output }) => {
      await expect(post(port, headers)).resolves.toBe(status);
      expect(output.text.size).toBe(status === 202 ? 1 : 0);
    });
  });

  it('get no answer that allows them to read it', () =>
    serving({}, async ({ port }) => {
      const call = request({ host: '127.0.0.1', port, method: 'OPTIONS', headers: { origin: 'https://evil.example' } });
      call.end();
      const [answer] = (await once(call, 'response')) as [{ headers: object; resume(): void }];
      answer.resume();
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }));
});

describe('S3: the token', () => {
  it.each([
    [{}, 401],
    [{ authorization: TOKEN }, 401],
    [{ authorization: `Bearer ${TOKEN.slice(0, -1)}` }, 401],
    [{ authorization: `Bearer ${TOKEN}x` }, 401],
    [{ authorization: `Basic ${TOKEN}` }, 401],
    [{ cookie: `token=${TOKEN}` }, 401],
    [{ authorization: `Bearer ${TOKEN}` }, 202],
  ])('decides: %j is answered with %i', async (headers, status) => {
    await serving({ token: TOKEN }, async ({ port }) => {
      await expect(post(port, headers)).resolves.toBe(status);
      await expect(post(port, headers, '{}', '127.0.0.9')).resolves.toBe(status);
    });
  });
});

describe('S4: slow and greedy senders', () => {
  it('are bounded in bytes: headers, bodies, and what a body becomes', () =>
    serving({ maxBodyBytes: 10_000 }, async ({ port, output }) => {
      await expect(post(port, { 'x-large': 'x'.repeat(20_000) })).resolves.toBeOneOf([0, 400, 431]);
      await expect(post(port, {}, 'x'.repeat(20_000))).resolves.toBe(413);
      await expect(post(port, { 'content-encoding': 'br' })).resolves.toBe(415);
      expect(output.text.size).toBe(0);
    }));

  it('cannot make a small body a large one by compressing it', () =>
    serving({ maxBodyBytes: 1_000_000 }, async ({ port, output }) => {
      const member = gzipSync(Buffer.alloc(10_000_000));
      const bomb = Buffer.concat(Array.from({ length: 50 }, () => member)); // 500 MB in less than maxBodyBytes
      const before = bytesHeld();
      let most = before;
      const watch = setInterval(() => {
        most = Math.max(most, process.memoryUsage().arrayBuffers);
      }, 1);
      await expect(post(port, { 'content-encoding': 'gzip' }, bomb)).resolves.toBe(413);
      clearInterval(watch);
      expect(most - before).toBeLessThan(100_000_000);
      expect(output.text.size).toBe(0);
    }));

  it(
    'cannot make a body larger than it is by sending it in pieces of one byte',
    () =>
      serving({ requestTimeout: '1m' }, async ({ port, output }) => {
        const serverSocket = nextServerSocket();
        const socket = connect(port, '127.0.0.1');
        sockets.push(socket);
        const head = 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\n';
        socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
        const server = await serverSocket;
        const before = bytesHeld();
        for (let sent = 0; sent < 500_000; sent += 1000) {
          if (!socket.write('1\r\n \r\n'.repeat(1000))) await once(socket, 'drain');
        }
        await until(() => server.bytesRead === socket.bytesWritten, 'the server has read the pieces', 30_000);
        expect(bytesHeld() - before).toBeLessThan(10_000_000);
        const event = '{"n":1}\n';
        socket.write(`${event.length.toString(16)}\r\n${event}\r\n0\r\n\r\n`);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        expect(answer.toString()).toContain('202 Accepted');
        expect([...output.text.values()].join('').trim()).toBe(event.trim());
      }),
    60_000,
  );

  it('cannot lock others out by connections: an address has its share', () =>
    serving({ maxConnections: 40, headersTimeout: '60s' }, async ({ port, notices }) => {
      for (let i = 0; i < 60; i += 1) slow(port);
      await until(() => closed() === 40, 'the connections beyond the share are closed');
      await expect(post(port, {})).resolves.toBe(0);
      await expect(post(port, {}, '{}', '127.0.0.2')).resolves.toBe(202);
      expect(notices()).toMatch(/127\.0\.0\.1 has as many connections as one address may/);
    }));

  it('are hung up on when their headers do not come', () =>
    serving({ headersTimeout: '300ms' }, async ({ port }) => {
      const socket = slow(port);
      socket.resume();
      await once(socket, 'close');
      await expect(post(port, {})).resolves.toBe(202);
    }));

  it('may be held to a number of requests a second, each address its own', () =>
    serving({ maxRequestsPerPeer: 3, token: TOKEN }, async ({ port }) => {
      const answers = [];
      for (let i = 0; i < 5; i += 1) answers.push(await post(port, { authorization: `Bearer guess-${i}` }));
      expect(answers).toEqual([401, 401, 401, 429, 429]);
      await expect(post(port, { authorization: `Bearer ${TOKEN}` }, '{}', '127.0.0.2')).resolves.toBe(202);
    }));

  it('have their share of a TCP source too', async () => {
    const [output, context] = [new FakeOutput(), fakeContext()];
    let run: Promise<void> = Promise.resolve();
    const port = await new Promise<number>((resolve) => {
      run = runSource(tcp({ port: 0, maxConnections: 10, onListening: (at) => resolve(at.port) }), output, context);
    });
    for (let i = 0; i < 12; i += 1) slow(port).resume();
    await until(() => closed() === 7, 'the connections beyond the share are closed');
    const other = slow(port, '127.0.0.2');
    await until(() => output.openChannels === 6, 'the other is heard');
    expect(other.destroyed).toBe(false);
    expect(context.notices.some(({ message }) => message.includes('maxConnectionsPerPeer'))).toBe(true);
    context.abort();
    await run;
  });
});

describe('S14: where an HTTP sink sends', () => {
  it('is never where machines keep their credentials, unless the flow says so', () => {
    expect(() => http({ url: 'http://169.254.169.254/latest/api' })).toThrow(/allowLinkLocal/);
    expect(() => http({ url: 'http://[::ffff:a9fe:a9fe]/' })).toThrow(/allowLinkLocal/);
    expect(() => http({ url: 'http://169.254.169.254/', allowLinkLocal: true })).not.toThrow();
  });

  it.each(['ftp://example.org/', 'file:///etc/passwd', 'javascript:alert(1)', 'not an address'])(
    'is an http address: not %s',
    (url) => expect(() => http({ url })).toThrow(/an http: or https: address/),
  );

  it('is the declared host: redirects are not followed, and header values cannot add headers', async () => {
    expect(() => http({ url: 'http://example.org', headers: { 'x-a': 'b\r\nhost: evil' } })).toThrow(/line ends/);
    expect(() => http({ url: 'http://example.org', headers: { 'x a': 'b' } })).toThrow(/a header name/);
    const { createServer } = await import('node:http');
    const paths: string[] = [];
    const server = createServer((call, answer) => {
      paths.push(call.url ?? '');
      call.resume();
      answer.writeHead(307, { location: '/elsewhere' }).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const sink = http({ url: `http://127.0.0.1:${port}/in` });
    const writer = await sink.open(sinkContext());
    await expect(writer.write([{ n: 1 }], { signal: new AbortController().signal })).rejects.toThrow(
      /Redirects are not/,
    );
    await writer.close?.();
    server.close();
    expect(paths).toEqual(['/in']);
  });
});
