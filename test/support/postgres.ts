import postgresClient, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, type TestContext } from 'vitest';
import { startPostgres, type PostgresServer } from '../../scripts/lib/postgres.mjs';
import { messageOf } from '../../src/errors/errors.ts';

/** Installing PostgreSQL, where it is missing and can be installed, takes this long at most. */
const START_MS = 300_000;

/** A server for the tests of a file, and a database in it that goes away with them. */
export class TestPostgres {
  readonly server: PostgresServer;
  readonly url: string;
  readonly sql: Sql;
  readonly schema: string = 'tests';
  readonly #database: string;
  #tables = 0;

  static async start(): Promise<TestPostgres> {
    const server = await startPostgres();
    const database = `daoflow_test_${process.pid}`;
    await administer(server, `create database ${database}`);
    const tests = new TestPostgres(server, database);
    await tests.sql.unsafe(`create schema ${tests.schema}`);
    return tests;
  }

  private constructor(server: PostgresServer, database: string) {
    const url = new URL(server.url);
    url.pathname = database;
    this.server = server;
    this.url = url.href;
    this.#database = database;
    this.sql = postgresClient(this.url, { max: 2, onnotice: () => undefined });
  }

  /** A new table. @returns its name, with the schema */
  async table(columns: string): Promise<string> {
    this.#tables += 1;
    const name = `${this.schema}.t${this.#tables}`;
    await this.sql.unsafe(`create table ${name} (${columns})`);
    return name;
  }

  async rows(statement: string): Promise<unknown[]> {
    return [...(await this.sql.unsafe(statement))];
  }

  /** @param what - of `count(...)` */
  async count(table: string, what = '*'): Promise<number> {
    const [row] = await this.sql.unsafe<{ count: number }[]>(`select count(${what})::int as count from ${table}`);
    return row?.count ?? -1;
  }

  /** Removes it all, the connections of writers that a test left open too. */
  async close(): Promise<void> {
    await this.sql.end();
    await administer(this.server, `drop database ${this.#database} with (force)`);
    await this.server.stop();
  }
}

async function administer({ url }: PostgresServer, statement: string): Promise<void> {
  const sql = postgresClient(url, { max: 1, onnotice: () => undefined });
  await sql.unsafe(statement);
  await sql.end();
}

/** Where there can be no server, each test of the file is skipped and says why. */
export function postgresForTests(): () => TestPostgres {
  let started: TestPostgres | undefined;
  let reason = 'the server was not started';
  beforeAll(async () => {
    try {
      started = await TestPostgres.start();
    } catch (error) {
      reason = messageOf(error);
    }
  }, START_MS);
  beforeEach((context) => {
    if (started === undefined) context.skip(reason);
  });
  afterAll(() => started?.close(), START_MS);
  return () => {
    if (started === undefined) throw new Error(reason);
    return started;
  };
}

/** Skips a test that stops and starts the server, or needs one of its own. */
export function needsOwnServer(context: TestContext, { server }: TestPostgres): void {
  if (!server.isOwn) context.skip('DATABASE_URL is set: its server is not ours to stop');
}
