/** What somebody would write by hand: one statement per batch, by INSERT of arrays or by COPY. */

import { pipeline } from 'node:stream/promises';
import type { Sink } from 'daoflow';
import client, { type Sql } from 'postgres';
import type { Row } from './row.ts';

export interface PostgresSinkOptions {
  readonly url: string;
  readonly table: string;
  readonly mode: 'insert' | 'copy';
  readonly maxConnections: number;
}

const MAX_BATCH = 10_000;

export function postgresSink({ url, table, mode, maxConnections }: PostgresSinkOptions): Sink<Row> {
  return {
    name: 'postgres',
    limits: { maxBatch: MAX_BATCH, maxConcurrency: maxConnections },
    open: () => {
      const sql = client(url, { max: maxConnections, fetch_types: false, onnotice: () => undefined });
      const write = mode === 'insert' ? insert : copy;
      return { write: (rows) => write(sql, table, rows), close: () => sql.end() };
    },
  };
}

async function insert(sql: Sql, table: string, rows: readonly Row[]): Promise<void> {
  const columns = [
    rows.map(({ id }) => id),
    rows.map(({ at }) => at),
    rows.map(({ name }) => `"${name}"`),
    rows.map(({ amount }) => amount),
  ];
  const statement = `insert into ${table} select * from unnest($1::int8[], $2::float8[], $3::text[], $4::float8[])`;
  await sql.unsafe(
    statement,
    columns.map((values) => `{${values.join()}}`),
    { prepare: true },
  );
}

async function copy(sql: Sql, table: string, rows: readonly Row[]): Promise<void> {
  const text = rows.map(({ id, at, name, amount }) => `${id}\t${at}\t${name}\t${amount}\n`).join('');
  const into = await sql.unsafe(`copy ${table} from stdin`).writable();
  await pipeline([Buffer.from(text)], into);
}
