/** The log and its peers, each as its documentation says for durable appends; they remove in the transaction that appends, or as
 * a ring write the new over the old: nothing to remove, but no more than fits it is ever kept.
 */

import { durableLog } from 'daoflow/log';
import type { Configuration, Contestant, Store } from './contestant.ts';

/** What the name of a configuration ends with that is a ring. */
const RING = ', as a ring';

/** A peer as a queue: this way, and as a ring. */
export function asQueue(configuration: Configuration): readonly Configuration[] {
  return [configuration, { ...configuration, name: `${configuration.name}${RING}` }];
}

export const own: Contestant = {
  name: 'daoflow/log',
  configurations: [{ name: 'fsync', callers: 'many' }],
  open: async (directory, _, keep) => {
    const log = await durableLog(directory, { reserveBytes: 0 });
    return {
      append: async (events) => {
        const last = await log.append(events);
        if (last > keep) log.acknowledge(last - keep);
      },
      count: () => log.stats.last - log.stats.acknowledged,
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
  open: async (directory, configuration, keep) => {
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
    const isRing = configuration.endsWith(RING);
    let key = 0;
    let oldest = 0;
    const putAll = (events: readonly Uint8Array[]): void => {
      for (const event of events) {
        if (isRing) db.putSync(key++ % keep, event);
        else db.putSync(key++, event, { append: true });
      }
      while (!isRing && key - oldest > keep) db.removeSync(oldest++);
    };
    return {
      append: isPut
        ? async (events) => {
            for (const event of events) void db.put(isRing ? key++ % keep : key++, event);
            while (!isRing && key - oldest > keep) void db.remove(oldest++);
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
  open: async (directory, configuration, keep) => {
    const { ClassicLevel } = await import('classic-level');
    const db = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      compression: false,
      writeBufferSize: 64 * 2 ** 20,
    });
    await db.open();
    const isRing = configuration.endsWith(RING);
    const key = new DataView(new ArrayBuffer(4));
    const keyBytes = new Uint8Array(key.buffer);
    let next = 0;
    let oldest = 0;
    return {
      append: (events) => {
        const batch = db.batch();
        for (const event of events) {
          key.setUint32(0, isRing ? next++ % keep : next++);
          batch.put(keyBytes, event); // copies both
        }
        while (!isRing && next - oldest > keep) {
          key.setUint32(0, oldest++);
          batch.del(keyBytes);
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
  open: async (directory, configuration, keep) => {
    const db = await openSqlite(`${directory}/data.sqlite`);
    const isTuned = configuration.includes('checkpoint');
    db.exec(`PRAGMA page_size=${isTuned ? 16384 : 4096}`);
    db.exec('PRAGMA journal_mode=WAL');
    db.exec('PRAGMA synchronous=FULL');
    if (isTuned) db.exec('PRAGMA wal_autocheckpoint=10000');
    db.exec('CREATE TABLE log (sequence INTEGER PRIMARY KEY, payload BLOB NOT NULL)');
    const isRing = configuration.endsWith(RING);
    const insert = db.prepare('INSERT INTO log (payload) VALUES (?)');
    const replace = db.prepare('INSERT OR REPLACE INTO log (sequence, payload) VALUES (?, ?)');
    const remove = db.prepare('DELETE FROM log WHERE sequence <= ?');
    let last = 0;
    return {
      append: (events) => {
        db.exec('BEGIN');
        for (const event of events) {
          last += 1;
          if (isRing) replace.run(last % keep, event);
          else insert.run(event);
        }
        if (!isRing && last > keep) remove.run(last - keep);
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
    return await contestant.open(directory, configuration, Infinity);
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
  }
}
