/** The log and its peers, each as its documentation says for durable appends. */

import { durableLog } from 'daoflow/log';
import type { Contestant, Store } from './contestant.ts';

export const own: Contestant = {
  name: 'daoflow/log',
  configurations: [{ name: 'fsync', callers: 'many' }],
  open: async (directory) => {
    const log = await durableLog(directory, { reserveBytes: 0 });
    return {
      append: async (events) => {
        await log.append(events);
      },
      count: () => log.stats.last,
      close: () => log.close(),
    };
  },
};

/**
 * LMDB syncs at the end of each transaction, which one thread does from beginning to end. `put`: its own thread commits,
 * `flushed` says when it is durable. Large pages hold more records of 200 bytes each, with less waste.
 */
const lmdb: Contestant = {
  name: 'LMDB (lmdb)',
  configurations: [
    { name: 'transactionSync', callers: 'one' },
    { name: 'transactionSync, 32 KB pages', callers: 'one' },
    { name: 'put, flushed', callers: 'many' },
    { name: 'put, flushed, 32 KB pages', callers: 'many' },
  ],
  open: async (directory, configuration) => {
    const { open } = await import('lmdb');
    const isPut = configuration.startsWith('put');
    const db = open<Uint8Array, number>({
      path: `${directory}/data.mdb`,
      encoding: 'binary',
      keyEncoding: 'uint32',
      compression: false,
      cache: false,
      overlappingSync: isPut,
      ...(configuration.includes('32 KB') ? { pageSize: 32 * 1024 } : {}),
    });
    let key = 0;
    const putAll = (events: readonly Uint8Array[]): void => {
      for (const event of events) db.putSync(key++, event, { append: true });
    };
    return {
      append: isPut
        ? async (events) => {
            for (const event of events) void db.put(key++, event);
            await db.flushed;
          }
        : (events) => db.transactionSync(() => putAll(events)),
      count: () => (db.getStats() as { entryCount: number }).entryCount,
      close: () => db.close(),
    };
  },
};

/**
 * LevelDB gathers what several callers write at the same time into one sync. Chained batches with binary keys: an array of
 * operations with keys as strings costs ten times as much, all of it before LevelDB sees them.
 */
const level: Contestant = {
  name: 'LevelDB (classic-level)',
  configurations: [
    { name: 'sync, no compression, 64 MB buffer', callers: 'many' },
    { name: 'sync, no compression, 64 MB buffer, one caller', callers: 'one' },
  ],
  open: async (directory) => {
    const { ClassicLevel } = await import('classic-level');
    const db = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      compression: false,
      writeBufferSize: 64 * 2 ** 20,
    });
    await db.open();
    const key = new DataView(new ArrayBuffer(4));
    const keyBytes = new Uint8Array(key.buffer);
    let next = 0;
    return {
      append: (events) => {
        const batch = db.batch();
        for (const event of events) {
          key.setUint32(0, next++);
          batch.put(keyBytes, event); // copies both
        }
        return batch.write({ sync: true });
      },
      count: async () => (await db.keys().all()).length,
      close: () => db.close(),
    };
  },
};

/** Of SQLite, as far as both bindings have it. */
interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): { run(...values: unknown[]): unknown; get(): unknown };
  close(): void;
}

const sqlite: Contestant = {
  name: 'SQLite (WAL, synchronous=FULL)',
  configurations: [
    { name: 'page 4096', callers: 'one' },
    { name: 'page 16384, checkpoint 10,000 pages', callers: 'one' },
  ],
  open: async (directory, configuration) => {
    const db = await openSqlite(`${directory}/data.sqlite`);
    const isTuned = configuration.includes('checkpoint');
    db.exec(`PRAGMA page_size=${isTuned ? 16384 : 4096}`);
    db.exec('PRAGMA journal_mode=WAL');
    db.exec('PRAGMA synchronous=FULL');
    if (isTuned) db.exec('PRAGMA wal_autocheckpoint=10000');
    db.exec('CREATE TABLE log (sequence INTEGER PRIMARY KEY, payload BLOB NOT NULL)');
    const insert = db.prepare('INSERT INTO log (payload) VALUES (?)');
    return {
      append: (events) => {
        db.exec('BEGIN');
        for (const event of events) insert.run(event);
        db.exec('COMMIT');
      },
      count: () => (db.prepare('SELECT count(*) AS n FROM log').get() as { n: number }).n,
      close: () => db.close(),
    };
  },
};

/** Node's own from 22.5 on; before, better-sqlite3 where somebody has built it (its install script is not run here). */
async function openSqlite(path: string): Promise<SqliteDatabase> {
  const [node, better] = ['node:sqlite', 'better-sqlite3'];
  try {
    const { DatabaseSync } = (await import(node)) as { DatabaseSync: new (path: string) => SqliteDatabase };
    return new DatabaseSync(path);
  } catch {
    const { default: Database } = (await import(better)) as { default: new (path: string) => SqliteDatabase };
    return new Database(path);
  }
}

export const peers: readonly Contestant[] = [lmdb, sqlite, level];

/** @returns the store, or why it cannot be measured here */
export async function tryOpen(
  contestant: Contestant,
  directory: string,
  configuration: string,
): Promise<Store | string> {
  try {
    return await contestant.open(directory, configuration);
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
  }
}
