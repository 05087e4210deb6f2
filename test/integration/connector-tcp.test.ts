import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { tcp, type TcpOptions } from '../../src/connector/tcp/tcp.ts';
import { ConfigError } from '../../src/errors/errors.ts';
import { fakeContext, FakeOutput, runSource, until, type FakeContext } from '../contract/source-harness.ts';

interface Serving {
  readonly output: FakeOutput;
  readonly context: FakeContext;
  readonly run: Promise<void>;
  readonly open: () => Promise<Socket>;
}

async function serving(options: Partial<TcpOptions>, test: (serving: Serving) => Promise<void>): Promise<Serving> {
  const output = new FakeOutput();
  const context = fakeContext();
  const listening = new Promise<number>((resolve) => {
    const source = tcp({ port: 0, ...options, onListening: ({ port }) => resolve(port) });
    run = runSource(source, output, context);
  });
  const port = await listening;
  const sockets: Socket[] = [];
  const open = (): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(socket));
      socket.on('error', () => undefined);
      sockets.push(socket);
    });
  const all = { output, context, run, open };
  try {
    await test(all);
  } finally {
    context.abort();
    await run;
    for (const socket of sockets) socket.destroy();
  }
  return all;
}
let run: Promise<void>;

describe('tcp', () => {
  it('tells the real port in a notice', async () => {
    const { context } = await serving({}, async () => Promise.resolve());
    expect(context.notices[0]?.message).toMatch(/^tcp: listening on tcp:\/\/127\.0\.0\.1:\d+$/);
  });

  it('takes many connections at once, each a partition with its own order', async () => {
    const { output } = await serving({}, async ({ open, output: seen }) => {
      const sockets = await Promise.all(Array.from({ length: 20 }, () => open()));
      for (let round = 0; round < 10; round += 1) {
        for (const [i, socket] of sockets.entries()) socket.write(`{"socket":${i},"round":${round}}\n`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (const socket of sockets) socket.end();
      await until(() => seen.endedPartitions.length === 20, 'all connections to end');
    });
    expect(output.events).toHaveLength(200);
    for (const text of output.text.values()) {
      const rounds = text
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { round: number }).round);
      expect(rounds).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  it('holds the sender back while the flow is full, and loses nothing', async () => {
    const line = `{"x":"${'y'.repeat(1000)}"}\n`;
    await serving({}, async ({ open, output }) => {
      output.hold();
      const socket = await open();
      for (let i = 0; i < 20_000; i += 1) socket.write(line);
      await until(() => output.writes === 1, 'a first read');
      await new Promise((resolve) => setTimeout(resolve, 100)); // long enough to read on, if it did
      expect(output.writes).toBe(1);
      expect(socket.writableLength).toBeGreaterThan(0);
      output.release();
      socket.end();
      await until(() => output.endedPartitions.length === 1, 'the end', 15_000);
      expect(output.events).toHaveLength(20_000);
    });
  });

  it('gives the last record without a line end, but not one that a broken connection cut off', async () => {
    await serving({}, async ({ open, output, context }) => {
      (await open()).end('{"id":1}');
      await until(() => output.endedPartitions.length === 1, 'the first end');
      expect(output.events).toEqual([{ id: 1 }]);
      const socket = await open();
      socket.write('{"id":2}\n{"id":');
      await until(() => output.events.length === 2, 'the whole record');
      socket.resetAndDestroy();
      await until(() => output.endedPartitions.length === 2, 'the second end');
      expect(output.truncated).toHaveLength(1);
      expect(context.notices.at(-1)?.message).toMatch(/the connection broke/);
    });
  });

  it('closes connections beyond the limit, says so once, and goes on with the others', async () => {
    await serving({ maxConnections: 2 }, async ({ open, output, context }) => {
      const [first] = [await open(), await open()];
      first.write('{"id":1}\n');
      await until(() => output.events.length === 1, 'the first connection');
      const third = await open();
      await new Promise((resolve) => third.once('close', resolve));
      expect(context.notices.filter(({ level }) => level === 'warn')).toHaveLength(1);
      first.write('{"id":2}\n');
      await until(() => output.events.length === 2, 'the first connection again');
    });
  });

  it('closes a connection that is silent for too long', async () => {
    await serving({ idleTimeout: '50ms' }, async ({ open }) => {
      const socket = await open();
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
    });
  });

  it('waits on abort for the rest of the open record', async () => {
    const { output } = await serving({}, async ({ open, output: seen, context }) => {
      const socket = await open();
      socket.write('{"id":1}\n{"id"');
      await until(() => seen.events.length === 1, 'the whole record');
      context.abort();
      socket.write(':2}\n{"id":3}\n');
      await run;
    });
    expect(output.events).toEqual([{ id: 1 }, { id: 2 }]);
    expect(output.invalid).toBe(0);
  });

  it('names the fix when the port is taken or the host is not ours', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(runSource(tcp({ port }), new FakeOutput(), fakeContext())).rejects.toThrow(
      /cannot listen on 127\.0\.0\.1:\d+\. The port is in use: stop the other program/,
    );
    other.close();
    const elsewhere = tcp({ port: 0, host: '192.0.2.1', exposed: true });
    await expect(runSource(elsewhere, new FakeOutput(), fakeContext())).rejects.toThrow(/no such address/);
  });

  it('refuses to be reachable from the network unless told to', () => {
    expect(() => tcp({ port: 0, host: '0.0.0.0' })).toThrow(ConfigError);
    expect(() => tcp({ port: 0, host: '::' })).toThrow(/exposed: true/);
    expect(() => tcp({ port: 70_000 })).toThrow(ConfigError);
  });
});
