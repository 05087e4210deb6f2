/** The PostgreSQL sink with `exactlyOnce`: outputs and checkpoints in one transaction, on a real server. Crashes of whole processes: test/faults. */

import { describe, expect, it } from 'vitest';
import { generate } from '../../src/connector/generate/generate.ts';
import { iterable } from '../../src/connector/iterable/iterable.ts';
import { postgres } from '../../src/connector/postgres/postgres.ts';
import type { PostgresOptions } from '../../src/connector/postgres/settings.ts';
import { flow } from '../../src/engine/launch.ts';
import { ConfigError, FencedError } from '../../src/errors/errors.ts';
import type { Run } from '../../src/flow/run.ts';
import { until } from '../contract/source-harness.ts';
import { needsOwnServer, postgresForTests } from '../support/postgres.ts';

const database = postgresForTests();
const MODES = ['insert', 'copy'] as const;
const RATE = 20_000;
const TOTAL = 2 * RATE;
const OURS = `select pid from pg_stat_activity where application_name = 'daoflow' and datname = current_database()`;

interface Event {
  readonly id: number;
}

let flows = 0;
const nameOfFlow = (): string => `once-${(flows += 1)}`;

interface Started {
  readonly run: Run;
  readonly notices: string[];
  readonly ended: Promise<unknown>;
}

function started(
  name: string,
  table: string,
  options: Partial<PostgresOptions<Event>> = {},
  checkpointEvery = 100,
): Started {
  const sink = postgres<Event>({ url: database().url, table, exactlyOnce: true, ...options });
  const source = generate({ rate: RATE, limit: TOTAL, make: (id) => ({ id }) });
  const run = flow(name, { checkpointEvery }).from(source).to(sink, { batch: 100 }).run();
  const notices: string[] = [];
  run.on('notice', ({ message }) => notices.push(message));
  return { run, notices, ended: run.done.catch((cause: unknown) => cause) };
}

const confirmed = (run: Run, events: number): Promise<void> =>
  until(() => run.snapshot().totals.confirmed >= events, `${events} confirmed events`, 15_000);

/** Each of them once. */
async function expectAll(table: string): Promise<void> {
  expect([await database().count(table), await database().count(table, 'distinct id')]).toEqual([TOTAL, TOTAL]);
}

describe.each(MODES)('the PostgreSQL sink (%s) with exactlyOnce', { timeout: 60_000 }, (mode) => {
  it('writes each event once when the server ends its connections', async () => {
    const table = await database().table('id int');
    const { run, notices } = started(nameOfFlow(), table, { mode });
    for (let round = 1; round <= 6; round += 1) {
      await confirmed(run, round * 5000);
      await database().rows(`select pg_terminate_backend(pid) from (${OURS}) as ours`);
    }
    expect(await run.done).toMatchObject({ confirmed: TOTAL, deadLettered: 0 });
    await expectAll(table);
    expect(notices.join()).toContain('Trying again until it works.');
  });

  it('writes each event once when the server is stopped and started again', async (context) => {
    needsOwnServer(context, database());
    const { server } = database();
    const table = await database().table('id int');
    const { run } = started(nameOfFlow(), table, { mode });
    await confirmed(run, 5000);
    await server.halt();
    await new Promise((resolve) => setTimeout(resolve, 300)); // so that calls meet a closed port
    await server.resume();
    expect(await run.done).toMatchObject({ confirmed: TOTAL, deadLettered: 0 });
    await expectAll(table);
  });

  it('writes each event once when runs are stopped hard and started again', async () => {
    const table = await database().table('id int');
    const name = nameOfFlow();
    for (const events of [3000, 7000, 11_000]) {
      const { run } = started(name, table, { mode });
      await until(() => run.snapshot().totals.confirmed >= events || run.state === 'done', 'events', 15_000);
      await run.stop();
    }
    await started(name, table, { mode }).run.done;
    await expectAll(table);
  });

  it('lets an event that the table refuses be a dead letter, and all others be there once', async () => {
    const table = await database().table('id int unique deferrable initially deferred, n int check (n > 0)');
    const events = Array.from({ length: 1000 }, (_, i) => ({ id: i % 400, n: i === 700 ? -1 : 1 }));
    const source = { ...iterable(events), replays: true };
    const sink = postgres<Event>({ url: database().url, table, exactlyOnce: true, mode });
    const run = flow(nameOfFlow()).from(source).to(sink, { batch: 50 }).run();
    expect(await run.done).toMatchObject({ confirmed: 1000, deadLettered: 600 });
    expect(await database().count(table, 'distinct id')).toBe(400);
  });
});

describe('the PostgreSQL sink with exactlyOnce', { timeout: 60_000 }, () => {
  it('deposes the older of two runs, which says so and writes nothing more', async () => {
    const table = await database().table('id int');
    const name = nameOfFlow();
    const old = started(name, table);
    await confirmed(old.run, 4000);
    const young = started(name, table);
    const failure = await old.ended;
    expect(failure).toBeInstanceOf(FencedError);
    expect(failure).toMatchObject({ takeover: { epoch: 2, deposedEpoch: 1 } });
    expect(await young.run.done).toMatchObject({ deadLettered: 0 });
    await expectAll(table);
  });

  it('takes over from a run that stands still in the middle of a transaction, with rows of the same key', async () => {
    const table = await database().table('id int primary key');
    const name = nameOfFlow();
    const old = started(name, table, { key: 'id' }, 60_000);
    await confirmed(old.run, 4000); // none of it committed: its locks are held
    const young = started(name, table, { key: 'id' });
    expect(await young.run.done).toMatchObject({ deadLettered: 0 });
    expect(await old.ended).toBeInstanceOf(FencedError);
    await expectAll(table);
  });

  it('writes to several tables in one transaction, and goes on with its state', async () => {
    const [all, sums] = [await database().table('id int'), await database().table('id int, sum bigint')];
    const name = nameOfFlow();
    const once = <E>(table: string) => postgres<E>({ url: database().url, table, exactlyOnce: true });
    const start = (): Run => {
      const events = flow(name, { checkpointEvery: 50 }).from(
        generate({ rate: RATE, limit: RATE, make: (id) => ({ id }) }),
      );
      events.to(once(all), { name: 'all' });
      return events
        .keyBy(({ id }) => id % 10)
        .scan((state, { id }) => ({ id, sum: state.sum + id }), { id: 0, sum: 0 })
        .to(once(sums), { name: 'sums' })
        .run();
    };
    const first = start();
    expect(first.guarantee.text).toMatch(/^guarantee: exactly-once .*state exactly once$/);
    await until(() => first.snapshot().totals.confirmed >= 5000, 'events', 15_000);
    await first.stop();
    const both = (): Promise<unknown[]> =>
      database().rows(`select (select count(*)::int from ${all}) as a, (select count(*)::int from ${sums}) as b`);
    const [{ a, b }] = (await both()) as [{ a: number; b: number }];
    expect(a).toBe(b);
    await start().done;
    expect(await both()).toEqual([{ a: RATE, b: RATE }]);
    const wrong = `select count(*)::int as wrong from ${sums} where sum <> (id / 10 + 1) * (id % 10) + 5 * (id / 10) * (id / 10 + 1)`;
    expect(await database().rows(wrong)).toEqual([{ wrong: 0 }]);
  });

  it('goes on after a drain, with windows that were open', async () => {
    const table = await database().table('id int');
    const name = nameOfFlow();
    const { run } = started(name, table, {}, 60_000);
    await confirmed(run, 4000);
    await run.drain();
    expect(await database().count(table)).toBe(run.snapshot().totals.confirmed);
    await started(name, table).run.done;
    await expectAll(table);
  });

  it('says what to do where it may not keep its checkpoints, and where sources do not replay', async () => {
    const { sql, schema, url: given } = database();
    const table = await database().table('id int');
    const role = `daoflow_poor_${process.pid}`;
    await sql.unsafe(`create role ${role} login password 'poor'; grant usage on schema ${schema} to ${role};
      grant insert on ${table} to ${role}; create schema ${role}`);
    const url = new URL(given);
    url.username = role;
    url.password = 'poor';
    const failure = await started(nameOfFlow(), table, { url: `${url.href}?search_path=${role}` }).ended;
    expect(String(failure)).toMatch(/create table .*daoflow_checkpoint|permission denied/);
    await sql.unsafe(`drop owned by ${role} cascade; drop schema ${role}; drop role ${role}`);
    const sink = postgres<Event>({ url: given, table, exactlyOnce: true });
    expect(() =>
      flow(nameOfFlow())
        .from(iterable([{ id: 1 }]))
        .to(sink)
        .run(),
    ).toThrow(ConfigError);
    expect(() => postgres({ url: given, table, exactlyOnce: true, mode: 'copy', key: 'id' })).toThrow(ConfigError);
  });
});
