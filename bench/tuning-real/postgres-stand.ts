import { setTimeout as sleep } from 'node:timers/promises';
import client, { type Sql } from 'postgres';
import type { Counted } from './protocol.ts';
import { SLOWDOWN, type Stand } from './stand.ts';

export interface PostgresStandOptions {
  readonly mode: 'insert' | 'copy';
  readonly connections: number;
}

/** Its connections are not the sink's. */
export class Database {
  readonly #url: string;
  readonly #sql: Sql;

  constructor(url: string) {
    this.#url = url;
    this.#sql = client(url, { max: 2, onnotice: () => undefined });
  }

  /** A schema of its own is left in nobody's way, should the server be someone's. */
  async prepare(): Promise<void> {
    await this.#sql.unsafe(`
      drop schema if exists ${SCHEMA} cascade;
      create schema ${SCHEMA};
      create table ${TABLE} (id int8 not null, at float8 not null, name text not null, amount float8 not null)
        with (autovacuum_enabled = false);
    `);
    await this.#sleepPerCall(0);
    await this.#sql.unsafe(`
      create trigger pace before insert on ${TABLE} for each statement execute function ${SCHEMA}.pace()
    `);
  }

  stand({ mode, connections }: PostgresStandOptions): Stand {
    return {
      name: `PostgreSQL ${mode.toUpperCase()}, ${connections} connections`,
      connections,
      sink: {
        kind: 'postgres',
        options: { url: this.#url, table: [SCHEMA, 'orders'], mode, maxConnections: connections },
      },
      reset: () => this.#run(`truncate ${TABLE}`),
      count: () => this.#count(),
      hold: (forMs) => this.#hold(forMs),
      slow: async (forMs, callMs) => {
        await this.#sleepPerCall((SLOWDOWN - 1) * callMs);
        await sleep(forMs);
        await this.#sleepPerCall(0);
      },
    };
  }

  async end(): Promise<void> {
    await this.#run(`drop schema ${SCHEMA} cascade`);
    await this.#sql.end();
  }

  async #count(): Promise<Counted> {
    const [found] = await this.#sql.unsafe<Counted[]>(
      `select count(*)::int as rows, count(distinct id)::int as distinct from ${TABLE}`,
    );
    return found as Counted;
  }

  async #hold(forMs: number): Promise<void> {
    await this.#sql.begin(async (transaction) => {
      await transaction.unsafe(`lock table ${TABLE} in exclusive mode`);
      await sleep(forMs);
    });
  }

  /** Replaced while others insert: a function needs no lock on the table, and the next statement uses the new one. */
  async #sleepPerCall(ms: number): Promise<void> {
    const body = ms === 0 ? '' : `perform pg_sleep(${ms / 1000});`;
    await this.#run(`
      create or replace function ${SCHEMA}.pace() returns trigger language plpgsql
      as $$ begin ${body} return null; end $$
    `);
  }

  async #run(statement: string): Promise<void> {
    await this.#sql.unsafe(statement);
  }
}

const SCHEMA = 'daoflow_bench_real';
const TABLE = `${SCHEMA}.orders`;
