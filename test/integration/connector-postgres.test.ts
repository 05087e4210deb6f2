/** What ends up in the table, and what is refused. Outages: connector-postgres-faults.test.ts. */

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/paths.mjs';
import { iterable } from '../../src/connector/iterable/iterable.ts';
import { postgres } from '../../src/connector/postgres/postgres.ts';
import type { PostgresOptions } from '../../src/connector/postgres/settings.ts';
import { flow } from '../../src/engine/launch.ts';
import { ConnectorError, RefusedEventsError } from '../../src/errors/errors.ts';
import type { Sink } from '../../src/event/sink.ts';
import { sinkContext, sinkContract, type Record } from '../contract/sink-contract.ts';
import { postgresForTests } from '../support/postgres.ts';

const database = postgresForTests();
const MODES = ['insert', 'copy'] as const;
const { signal } = new AbortController();

function sinkTo<E>(table: PostgresOptions<E>['table'], options: Partial<PostgresOptions<E>> = {}): Sink<E> {
  return postgres<E>({ url: database().url, table, ...options });
}

async function writing<E>(sink: Sink<E>, ...batches: readonly (readonly E[])[]): Promise<void> {
  const writer = await sink.open(sinkContext());
  try {
    for (const batch of batches) await writer.write(batch, { signal });
  } finally {
    await writer.close?.();
  }
}

async function failureOf(work: Promise<unknown>): Promise<ConnectorError> {
  const failure: unknown = await work.then(
    () => new Error('it did not fail'),
    (cause: unknown) => cause,
  );
  if (failure instanceof ConnectorError) return failure;
  throw failure;
}

async function refusedBy(work: Promise<unknown>): Promise<[number, string][]> {
  const failure = await failureOf(work);
  if (!(failure instanceof RefusedEventsError)) throw failure;
  return [...failure.refused].map(([index, { message }]) => [index, message]);
}

for (const mode of MODES) {
  for (const key of [undefined, 'id'] as const) {
    sinkContract({
      name: `postgres (${mode}${key === undefined ? '' : ', key'})`,
      prepare: async () => {
        const table = await database().table('id int primary key, name text');
        return {
          sink: sinkTo<Record>(table, { mode, ...(key && { key }) }),
          read: () => database().rows(`select * from ${table} order by id`),
          breakTarget: async () => {
            await database().sql.unsafe(`drop table ${table}`);
          },
        };
      },
    });
  }
}

describe.each(MODES)('postgres (%s) as a sink', (mode) => {
  it('keeps every value as it was', async () => {
    const texts = [
      `'; drop table x; --`,
      '"',
      '\\',
      '\\N',
      '\\.',
      '\t\r\n',
      '{a,b}',
      'NULL',
      '',
      ' ',
      '$1',
      'é',
      '😀',
      '%s',
      '\u0001',
      '"\u0001\\"\n',
    ];
    const columns = 'n int, t text, ts text[], j jsonb, js json, d timestamptz, b bytea, x float8, big numeric';
    const table = await database().table(columns);
    const events = texts.map((text, n) => ({
      n,
      t: text,
      ts: [text, null, 'NULL', text],
      j: { [`k${text}`]: text },
      js: text,
      d: new Date(1.7e12 + n),
      b: Buffer.from(text),
      x: n / 3,
      big: 10n ** 30n + BigInt(n),
    }));
    await writing(sinkTo(table, { mode }), events);
    const found = await database().rows(
      `select n, t, to_json(ts) as ts, j, js, d, b, x, big::text from ${table} order by n`,
    );
    expect(found).toEqual(events.map((event) => ({ ...event, big: String(event.big) })));
  });

  it('keeps NULL apart from the word', async () => {
    const table = await database().table('n int, t text, ts text[]');
    await writing(sinkTo(table, { mode }), [
      { n: 1, t: null, ts: [null, 'NULL'] },
      { n: 2, t: 'NULL' },
      { n: 3, t: '\\N', ts: null },
    ]);
    expect(
      await database().rows(
        `select n, t is null as t, ts[1] is null as e, ts[2] is null as f, ts is null as ts from ${table} order by n`,
      ),
    ).toEqual([
      { n: 1, t: true, e: true, f: false, ts: false },
      { n: 2, t: false, e: true, f: true, ts: true },
      { n: 3, t: false, e: true, f: true, ts: true },
    ]);
  });

  it('writes types of all kinds', async () => {
    const { sql, schema } = database();
    await sql.unsafe(`create type ${schema}.mood as enum ('sad', 'happy, "very"');
      create domain ${schema}.small as int check (value < 10);
      create domain ${schema}.smaller as ${schema}.small check (value < 5);
      create type ${schema}.pair as (a int, b text)`);
    const table = await database()
      .table(`m ${schema}.mood, ms ${schema}.mood[], s ${schema}.smaller, p ${schema}.pair, x box,
      c char(4), v varchar(4), f bit(3), n numeric(5, 2), u uuid, i inet, r int4range, g interval, day date, ints int[][]`);
    const uuid = '11111111-2222-3333-4444-555555555555';
    const event = {
      m: 'happy, "very"',
      ms: ['sad', 'happy, "very"'],
      s: 3,
      p: '(1,"x,y")',
      x: '(3,4),(1,2)',
      c: 'ab',
      v: 'abcd',
    };
    const more = {
      f: '101',
      n: 1.005,
      u: uuid,
      i: '10.0.0.1',
      r: '[1,5)',
      g: '1 day',
      day: Date.UTC(2026, 0, 2),
      ints: [[1], [2]],
    };
    await writing(sinkTo(table, { mode }), [{ ...event, ...more }]);
    expect(await database().rows(`select row_to_json(t) as row from ${table} t`)).toEqual([
      { row: { ...event, ...more, p: { a: 1, b: 'x,y' }, c: 'ab  ', n: 1.01, day: '2026-01-02' } },
    ]);
    const bad = [{ s: 7 }, { v: 'abcde' }, { c: 'abcde' }, { f: '1' }];
    expect(await refusedBy(writing(sinkTo(table, { mode }), bad))).toHaveLength(bad.length);
    await sql.unsafe(
      `drop table ${table}; drop type ${schema}.mood, ${schema}.pair; drop domain ${schema}.smaller, ${schema}.small`,
    );
  });

  it('writes to names that are made to break out of their quotes', async () => {
    const { sql, schema } = database();
    const victim = await database().table('a int');
    const evil = `x"); drop table ${victim.slice(-3)}; --`;
    const column = `c" int); --'`;
    const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
    await sql.unsafe(`create table ${schema}.${quote(evil)} (${quote(column)} text primary key, "B.c" int)`);
    const sink = sinkTo<{ value: string }>([schema, evil], {
      mode,
      columns: { [column]: 'value', 'B.c': () => 7 },
      key: column,
    });
    await writing(sink, [{ value: `'); drop table ${victim}; --` }], [{ value: `"` }]);
    expect(await database().count(`${schema}.${quote(evil)}`)).toBe(2);
    expect(await database().count(victim)).toBe(0);
  });

  it('leaves to the table what it makes itself, and takes it where an event has it', async () => {
    const table = await database().table(`
      id int generated by default as identity, always int generated always as identity,
      state text default 'new', twice int generated always as (n * 2) stored, n int, note text`);
    await writing(sinkTo(table, { mode }), [
      { n: 1 },
      { n: 2, state: 'old', id: 70 },
      { n: 3, note: 'x' },
      { n: 4, state: null },
    ]);
    expect(await database().rows(`select id, n, state, twice, note from ${table} order by n`)).toEqual([
      { id: 1, n: 1, state: 'new', twice: 2, note: null },
      { id: 70, n: 2, state: 'old', twice: 4, note: null },
      { id: 2, n: 3, state: 'new', twice: 6, note: 'x' },
      { id: 3, n: 4, state: null, twice: 8, note: null },
    ]);
  });

  it('updates the row of a key, within a batch and between batches', async () => {
    const table = await database().table(
      `probe text, big int, note text, state text default 'new', primary key (probe, big)`,
    );
    const sink = sinkTo(table, { mode, key: ['probe', 'big'] });
    await writing(
      sink,
      [
        { probe: 'a', big: 1, note: 'first', state: 'kept' },
        { probe: 'a', big: 2, note: 'other' },
        { probe: 'a', big: 1, note: 'second' },
      ],
      [
        { probe: 'a', big: 2, note: 'later' },
        { probe: 'b', big: 1, note: 'new' },
      ],
    );
    expect(await database().rows(`select * from ${table} order by probe, big`)).toEqual([
      { probe: 'a', big: 1, note: 'second', state: 'kept' },
      { probe: 'a', big: 2, note: 'later', state: 'new' },
      { probe: 'b', big: 1, note: 'new', state: 'new' },
    ]);
  });

  it('leaves rows alone that are there already, where it was told to', async () => {
    const table = await database().table('id int primary key, note text');
    for (const key of [undefined, 'id'] as const) {
      const sink = sinkTo(table, { mode, onConflict: 'ignore', ...(key && { key }) });
      await writing(
        sink,
        [
          { id: 1, note: 'a' },
          { id: 1, note: 'b' },
          { id: 2, note: 'c' },
        ],
        [{ id: 2, note: 'd' }],
      );
    }
    expect(await database().rows(`select * from ${table} order by id`)).toEqual([
      { id: 1, note: 'a' },
      { id: 2, note: 'c' },
    ]);
  });

  it('updates a key that is written in two ways, which only the table sees', async () => {
    const table = await database().table('id int primary key, note text');
    await writing(sinkTo(table, { mode, key: 'id' }), [
      { id: '1', note: 'a' },
      { id: '01', note: 'b' },
      { id: 2, note: 'c' },
    ]);
    expect(await database().rows(`select * from ${table} order by id`)).toEqual([
      { id: 1, note: 'b' },
      { id: 2, note: 'c' },
    ]);
  });

  it('refuses the events that the table refuses, and writes all others of the batch', async () => {
    const table = await database().table('id int primary key, size varchar(3) not null, ratio int check (ratio < 100)');
    const events: object[] = Array.from({ length: 300 }, (_, id) => ({ id, size: 'S', ratio: 1 }));
    events[7] = { id: 7, size: 'too long', ratio: 1 };
    events[8] = { id: 8, ratio: 1 };
    events[100] = { id: 100, size: 'S', ratio: 1000 };
    events[101] = { id: 'abc', size: 'S', ratio: 1 };
    events[102] = { id: 5, size: 'dup', ratio: 1 };
    events[103] = { id: 103, size: 'a\0b', ratio: 1 };
    events[299] = { id: { x: 1 }, size: 'S', ratio: 1 };
    const refused = await refusedBy(writing(sinkTo(table, { mode }), events));
    expect(refused.sort(([a], [b]) => a - b)).toEqual([
      [7, expect.stringContaining('value too long for type character varying(3) (SQLSTATE 22001)')],
      [8, expect.stringContaining('violates not-null constraint (SQLSTATE 23502)')],
      [100, expect.stringContaining('(SQLSTATE 23514)')],
      [101, expect.stringContaining('invalid input syntax for type integer: "abc"')],
      [102, expect.stringContaining('duplicate key value')],
      [103, expect.stringContaining('0x00')],
      [299, 'column "id" is integer, the event has an object'],
    ]);
    expect(await database().count(table)).toBe(293);
    expect(await database().count(table, `nullif(size, 'S')`)).toBe(0);
  });

  it('writes nothing twice when only some of its statements are refused', async () => {
    const table = await database().table(`id int check (id < 100), state text default 'new'`);
    const events = [{ id: 1 }, { id: 2, state: 'old' }, { id: 3 }, { id: 400, state: 'old' }, { id: 5, state: 'old' }];
    expect(await refusedBy(writing(sinkTo(table, { mode }), events))).toEqual([[3, expect.stringContaining('23514')]]);
    expect(await database().rows(`select * from ${table} order by id`)).toEqual([
      { id: 1, state: 'new' },
      { id: 2, state: 'old' },
      { id: 3, state: 'new' },
      { id: 5, state: 'old' },
    ]);
  });

  it('writes the earlier one of two events of a key when the later is refused', async () => {
    const table = await database().table('id int primary key, ratio int check (ratio < 100)');
    const events = [
      { id: 1, ratio: 5 },
      { id: 1, ratio: 500 },
    ];
    expect(await refusedBy(writing(sinkTo(table, { mode, key: 'id' }), events))).toHaveLength(1);
    expect(await database().rows(`select * from ${table}`)).toEqual([{ id: 1, ratio: 5 }]);
  });

  it('makes dead letters of refused events, and the flow goes on', async () => {
    const table = await database().table('id int primary key');
    const events = Array.from({ length: 5000 }, (_, id) => ({ id: id % 1000 === 500 ? -1 : id }));
    const run = flow('letters').from(iterable(events)).to(sinkTo(table, { mode })).run();
    expect(await run.done).toMatchObject({ accepted: 5000, confirmed: 5000, deadLettered: 4 });
    expect(run.deadLetters().map(({ event, at: where }) => [event, where])).toEqual(
      Array(4).fill([{ id: -1 }, 'postgres']),
    );
    expect(await database().count(table)).toBe(4996);
  });

  it('says which fields have no column, and makes a dead letter of an event without any', async () => {
    const table = await database().table('id int, note text');
    const events = [{ id: 1, note: 'a', extra: 1, more: 2 }, { ID: 2 }];
    const run = flow('left').from(iterable<object>(events)).to(sinkTo(table, { mode })).run();
    const notices: string[] = [];
    run.on('notice', ({ message }) => notices.push(message));
    await run.done;
    expect(notices).toEqual([expect.stringMatching(/has no column for extra, more: not written$/)]);
    expect(run.deadLetters().map(({ reason }) => reason)).toEqual([
      'TypeError: the event has none of the fields id, note',
    ]);
  });

  it('writes 100,000 events, every one once', async () => {
    const table = await database().table('id int primary key, name text, at timestamptz');
    const events = Array.from({ length: 100_000 }, (_, id) => ({ id, name: `n${id}`, at: 1.7e12 + id }));
    const run = flow('many').from(iterable(events)).to(sinkTo(table, { mode })).run();
    expect(await run.done).toMatchObject({ confirmed: 100_000, deadLettered: 0 });
    expect(await database().rows(`select count(*)::int, sum(id)::text, min(at) as first from ${table}`)).toEqual([
      { count: 100_000, sum: '4999950000', first: new Date(1.7e12) },
    ]);
  });

  it('leaves no connection behind', async () => {
    const table = await database().table('id int');
    const open = `select count(*)::int from pg_stat_activity where application_name = 'daoflow' and datname = current_database()`;
    const before = await database().rows(open);
    await writing(sinkTo(table, { mode }), [{ id: 1 }]);
    await expect.poll(() => database().rows(open)).toEqual(before);
  });
});

describe('a PostgreSQL sink that cannot be opened says what to do', () => {
  const opening = <E>(sink: Sink<E>): Promise<ConnectorError> => failureOf(Promise.resolve(sink.open(sinkContext())));

  it('about a table that does not exist', async () => {
    const failure = await opening(sinkTo('no_such_table'));
    expect(failure).toMatchObject({ retryable: false });
    expect(failure.message).toMatch(
      /there is no table "no_such_table" in the search path\. Create it, or correct the table/,
    );
    expect((await opening(sinkTo('nowhere.t'))).message).toContain('there is no table "nowhere"."t". Create it');
  });

  it('about a column that does not exist or is generated', async () => {
    const table = await database().table('id int, twice int generated always as (id * 2) stored');
    expect((await opening(sinkTo(table, { columns: ['id', 'prise'] }))).message).toMatch(
      /has no column "prise"; it has id, twice\. Correct columns, or: alter table .* add column "prise"/,
    );
    expect((await opening(sinkTo(table, { columns: ['twice'] }))).message).toContain('makes column "twice" itself');
  });

  it('about a key without a unique index, or one that is not written', async () => {
    const table = await database().table('a int, b int, c int, unique (a, b), unique (c) deferrable');
    await database().sql.unsafe(`create unique index on ${table} (b) where b > 0`);
    for (const key of [['a'], ['b'], ['c'], ['a', 'b', 'c']]) {
      expect((await opening(sinkTo(table, { key }))).message).toMatch(
        /no unique index on the key .*: create unique index on/,
      );
    }
    expect((await opening(sinkTo(table, { key: ['a', 'b'], columns: ['a'] }))).message).toContain(
      'key column "b" is not written',
    );
    await writing(sinkTo(table, { key: ['b', 'a'] }), [{ a: 1, b: 2 }]);
  });

  it('about privileges that are missing', async () => {
    const { sql, url: given, schema } = database();
    const table = await database().table('id int primary key, n int');
    const role = `daoflow_reader_${process.pid}`;
    await sql.unsafe(`create role ${role} login password 'canary'; grant usage on schema ${schema} to ${role}`);
    try {
      const url = new URL(given);
      url.username = role;
      url.password = 'canary';
      expect((await opening(sinkTo(table, { url: url.href }))).message).toMatch(
        /may not insert: grant insert on .* to "daoflow_reader_/,
      );
      await sql.unsafe(`grant insert on ${table} to ${role}`);
      expect((await opening(sinkTo(table, { url: url.href, key: 'id' }))).message).toContain(
        'may not update: grant update',
      );
    } finally {
      await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('about a wrong password, database or port, and shows no password', async () => {
    const given = new URL(database().url);
    const changed = (change: (url: URL) => void): string => {
      const url = new URL(given);
      url.password = 'canary-7f3a';
      change(url);
      return url.href;
    };
    const cases: readonly (readonly [string, RegExp])[] = [
      [changed(() => undefined), /password authentication failed.*28P01.*Check user and password/],
      [
        changed((url) => (url.port = '1')),
        /cannot use the server at .*:1\. Nothing listens there: start the server.*ECONNREFUSED/,
      ],
    ];
    for (const [url, message] of cases) {
      const failure = await opening(sinkTo('t', { url }));
      expect(failure.message).toMatch(message);
      expect(inspect(failure, { depth: 20, showHidden: true })).not.toContain('canary');
    }
    const elsewhere = new URL(given);
    elsewhere.pathname = '/no_such_database';
    expect((await opening(sinkTo('t', { url: elsewhere.href }))).message).toMatch(
      /"no_such_database" does not exist.*3D000.*Create the database/,
    );
  });
});

describe('the built package', () => {
  let folder = '';
  beforeAll(() => {
    execFileSync(process.execPath, [at('scripts/setup.mjs')], { stdio: 'ignore' });
    folder = mkdtempSync(join(tmpdir(), 'daoflow-peer-'));
    mkdirSync(join(folder, 'node_modules/daoflow'), { recursive: true });
    cpSync(at('dist'), join(folder, 'node_modules/daoflow/dist'), { recursive: true });
    cpSync(at('package.json'), join(folder, 'node_modules/daoflow/package.json'));
    for (const name of ['commander', 'jiti', 'picocolors']) {
      cpSync(at('node_modules', name), join(folder, 'node_modules', name), { recursive: true });
    }
    writeFileSync(
      join(folder, 'flow.ts'),
      `import { flow, iterable } from 'daoflow';
import { postgres } from 'daoflow/postgres';
export default flow('x').from(iterable([{ id: 1 }])).to(postgres({ table: 'no_such_table' }));`,
    );
    return () => rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  const run = (url: string) =>
    spawnSync(process.execPath, ['node_modules/daoflow/dist/cli.js', 'run', 'flow.ts'], {
      cwd: folder,
      env: { ...process.env, DATABASE_URL: url },
      encoding: 'utf8',
    });

  it('says how to install the client when it is missing', () => {
    const { status, stderr } = run('postgres://me:canary@127.0.0.1:1/x');
    expect(stderr).toContain('postgres: its client is not installed. Install it: npm i postgres');
    expect([status, stderr]).toEqual([1, expect.not.stringContaining('canary')]);
  });

  it('ends with 1 and the reason when the table does not exist, and never prints the password', () => {
    cpSync(at('node_modules/postgres'), join(folder, 'node_modules/postgres'), { recursive: true });
    const { status, stdout, stderr } = run(database().url);
    expect(stderr).toContain('there is no table "no_such_table"');
    expect(status).toBe(1);
    expect(stdout + stderr).not.toContain(new URL(database().url).password);
  });
});
