/** The PostgreSQL sink while connections, locks and the server itself fail: nothing is lost, and every call ends. */

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { generate } from '../../src/connector/generate/generate.ts';
import { iterable } from '../../src/connector/iterable/iterable.ts';
import { postgres } from '../../src/connector/postgres/postgres.ts';
import type { PostgresOptions } from '../../src/connector/postgres/settings.ts';
import { flow } from '../../src/engine/launch.ts';
import { ConnectorError } from '../../src/errors/errors.ts';
import type { Run } from '../../src/flow/run.ts';
import { sinkContext } from '../contract/sink-contract.ts';
import { until } from '../contract/source-harness.ts';
import { needsOwnServer, postgresForTests } from '../support/postgres.ts';

const database = postgresForTests();
const MODES = ['insert', 'copy'] as const;
const RATE = 20_000;
const OURS = `select pid from pg_stat_activity where application_name = 'daoflow' and datname = current_database()`;

/** Events at a steady rate into a table, with what was said on the way. */
function running(table: string, options: Partial<PostgresOptions<{ id: number }>>): { run: Run; notices: string[] } {
  const sink = postgres<{ id: number }>({ url: database().url, table, ...options });
  const source = generate({ rate: RATE, duration: '2s', make: (id) => ({ id }) });
  const run = flow('faults').from(source).to(sink, { batch: 100, concurrency: 4 }).run();
  const notices: string[] = [];
  run.on('notice', ({ message }) => notices.push(message));
  return { run, notices };
}

async function confirmed(run: Run, events: number): Promise<void> {
  await until(() => run.snapshot().totals.confirmed >= events, `${events} confirmed events`, 15_000);
}

describe.each(MODES)('the PostgreSQL sink (%s) loses nothing', { timeout: 60_000 }, (mode) => {
  it('when the server ends its connections', async () => {
    const table = await database().table('id int primary key');
    const { run, notices } = running(table, { mode, key: 'id' });
    let ended = 0;
    for (let round = 1; round <= 5; round += 1) {
      await confirmed(run, round * 5000);
      ended += (await database().rows(`select pg_terminate_backend(pid) from (${OURS}) as ours`)).length;
    }
    expect(await run.done).toMatchObject({ accepted: 2 * RATE, confirmed: 2 * RATE, deadLettered: 0 });
    expect(await database().count(table)).toBe(2 * RATE);
    expect(ended).toBeGreaterThan(5);
    expect(notices.join()).toContain('Trying again until it works.');
  });

  it('when the server is stopped and started again', async (context) => {
    needsOwnServer(context, database());
    const { server } = database();
    const table = await database().table('id int');
    const { run, notices } = running(table, { mode });
    await confirmed(run, 5000);
    await server.halt();
    await new Promise((resolve) => setTimeout(resolve, 300)); // so that calls meet a closed port
    await server.resume();
    expect(await run.done).toMatchObject({ accepted: 2 * RATE, confirmed: 2 * RATE, deadLettered: 0 });
    // Without a key a statement may have committed before its connection was lost: written twice, never lost.
    expect(await database().count(table, 'distinct id')).toBe(2 * RATE);
    expect(await database().count(table)).toBeLessThanOrEqual(2 * RATE + 4 * 100);
    expect(notices.slice(-2).join()).toContain('works again'); // and, where it had opened, that its breaker is closed
  });

  it('when a lock holds it up longer than its statements may take', async () => {
    const table = await database().table('id int primary key');
    const { run, notices } = running(table, { mode, key: 'id', statementTimeout: '200ms' });
    await confirmed(run, 5000);
    await database().sql.begin(async (sql) => {
      await sql.unsafe(`lock table ${table}`);
      await sql.unsafe('select pg_sleep(1)');
    });
    expect(await run.done).toMatchObject({ confirmed: 2 * RATE, deadLettered: 0 });
    expect(await database().count(table)).toBe(2 * RATE);
    expect(notices.join()).toMatch(/57014.*look for locks/);
  });

  it('when updates of the same rows meet', async () => {
    const table = await database().table('id int primary key, n int');
    const events = Array.from({ length: 20_000 }, (_, n) => ({ id: (n * 7919) % 300, n }));
    const sink = postgres({ url: database().url, table, mode, key: 'id' });
    const run = flow('hot').from(iterable(events)).to(sink, { batch: 250, concurrency: 8 }).run();
    const notices: string[] = [];
    run.on('notice', ({ message }) => notices.push(message));
    expect(await run.done).toMatchObject({ confirmed: 20_000, deadLettered: 0 });
    expect(await database().count(table)).toBe(300);
    expect(notices).toEqual([]); // no deadlock
  });
});

describe('the PostgreSQL sink', { timeout: 60_000 }, () => {
  it('asks for less when the server has no connection left', async () => {
    const { sql, schema, url: given } = database();
    const table = await database().table('id int primary key');
    const role = `daoflow_few_${process.pid}`;
    await sql.unsafe(`create role ${role} login password 'few' connection limit 2;
      grant usage on schema ${schema} to ${role}; grant insert on ${table} to ${role}`);
    const url = new URL(given);
    url.username = role;
    url.password = 'few';
    const events = Array.from({ length: 5000 }, (_, id) => ({ id }));
    const sink = postgres({ url: url.href, table, maxConnections: 8 });
    const run = flow('few').from(iterable(events)).to(sink, { batch: 100, concurrency: 8 }).run();
    expect(await run.done).toMatchObject({ confirmed: 5000, deadLettered: 0 });
    expect(run.snapshot().stages[0]?.retried).toBeGreaterThan(0);
    expect(await database().count(table)).toBe(5000);
    await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  });

  it('gives up a connection on which nothing is heard, and goes on with a new one', async () => {
    const table = await database().table('id int primary key');
    const proxy = await Proxy.to(database().url);
    const options = { statementTimeout: '100ms', connectTimeout: '1s' } as const;
    const writer = await postgres({ url: proxy.url, table, ...options }).open(sinkContext());
    const { signal } = new AbortController();
    await writer.write([{ id: 1 }], { signal });
    proxy.isSilent = true;
    await expect(writer.write([{ id: 2 }], { signal })).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining('was silent for 6100 ms') as unknown,
    });
    proxy.isSilent = false;
    await writer.write([{ id: 3 }], { signal });
    await writer.close?.();
    proxy.close();
    expect(await database().rows(`select id from ${table} order by id`)).toEqual([{ id: 1 }, { id: 3 }]);
  });

  it('stops at once when the run is stopped, however long a lock would hold it', async () => {
    const table = await database().table('id int');
    const sink = postgres({ url: database().url, table });
    const run = flow('stopped')
      .from(iterable([{ id: 1 }]))
      .to(sink)
      .run();
    await database().sql.begin(async (sql) => {
      await sql.unsafe(`lock table ${table}`);
      const waits = `select count(*)::int from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'daoflow' and datname = current_database()`;
      await expect.poll(() => database().rows(waits)).toEqual([{ count: 1 }]);
      const began = performance.now();
      expect(await run.stop()).toMatchObject({ state: 'stopped', confirmed: 0 });
      expect(performance.now() - began).toBeLessThan(2000);
    });
  });

  it('stops the run when the table goes away', async () => {
    const table = await database().table('id int');
    const { run } = running(table, {});
    const ended = run.done.catch((cause: unknown) => cause);
    await confirmed(run, 1000);
    await database().sql.unsafe(`drop table ${table}`);
    const failure: unknown = await ended;
    expect(failure).toBeInstanceOf(ConnectorError);
    expect(failure).toMatchObject({ retryable: false, message: expect.stringContaining('does not exist') as unknown });
  });

  it('goes on when a column is added or becomes wider meanwhile', async () => {
    const table = await database().table('id int');
    const { run } = running(table, { columns: ['id'] });
    await confirmed(run, 1000);
    await database().sql.unsafe(`alter table ${table} add column n int default 1, alter column id type bigint`);
    expect(await run.done).toMatchObject({ confirmed: 2 * RATE, deadLettered: 0 });
    expect(await database().count(table, 'n')).toBe(2 * RATE);
  });
});

/** Passes bytes on; while silent it swallows them, as a broken network does. */
class Proxy {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  isSilent = false;

  static async to(url: string): Promise<Proxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Proxy(new URL(url), server);
  }

  private constructor(target: URL, server: Server) {
    this.#server = server;
    const { port, hostname } = target;
    server.on('connection', (near) => {
      const far = connect(Number(port), hostname);
      this.#pass(near, far);
      this.#pass(far, near);
    });
    target.port = String((server.address() as AddressInfo).port);
    this.url = target.href;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (bytes) => {
      if (!this.isSilent) to.write(bytes);
    });
    from.on('close', () => to.destroy());
    from.on('error', () => undefined);
  }
}
