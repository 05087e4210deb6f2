/**
 * One connection to the server, by the npm package `postgres`.
 *
 * **Invariants** (test/integration/connector-postgres-faults.test.ts)
 * - Every call ends: the server gives statements up by its own timeout; a connection on which nothing is heard by then is
 *   given up by us.
 * - A connection that failed in any way but by an error of a statement is not usable again.
 * - One that must stay the same never becomes another: the package would connect again by itself, and what is sent next
 *   would run outside of the transaction.
 */

import { connect, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import type Package from 'postgres';
import type { Sql } from 'postgres';
import { ConnectorError } from '../../errors/errors.ts';
import type { Scheduler } from '../../time/clock.ts';
import { isStatementError } from './failure.ts';
import type { PostgresSettings } from './settings.ts';

/** How much longer than the server we wait, ms: the answer has to travel. */
const GRACE_MS = 5000;

/** What takes statements. */
export interface Statements {
  /** Parameters are texts. @returns rows */
  query(statement: string, parameters: readonly string[], isPrepared: boolean): Promise<readonly unknown[]>;
  /** @param statement - with one `copy ... from stdin`; others around it run in the same transaction */
  copy(statement: string, data: Buffer): Promise<unknown>;
}

/** Statements that are sent before earlier ones have answered run in the same order; no COPY may be among these. */
export interface Connection extends Statements {
  readonly isUsable: boolean;
  /** Fails calls under way; what was not committed is not there. */
  close(): Promise<void>;
}

/**
 * Connections connect when they are first used.
 *
 * @param isSession - it is for more than one call: once lost it stays lost
 * @throws ConnectorError with the install line when the package is missing
 */
export async function connector(
  settings: PostgresSettings,
  scheduler: Scheduler,
  isSession: boolean,
): Promise<() => Connection> {
  const loaded = await loadPackage(settings.name);
  return () => new PackageConnection(settings, scheduler, loaded, isSession);
}

class PackageConnection implements Connection {
  isUsable = true;
  readonly #settings: PostgresSettings;
  readonly #scheduler: Scheduler;
  readonly #sql: Sql;

  constructor(settings: PostgresSettings, scheduler: Scheduler, loaded: typeof Package, isSession: boolean) {
    this.#settings = settings;
    this.#scheduler = scheduler;
    const lost = (): void => void this.close();
    const session = { socket: onceOnly(settings), max_lifetime: null, onclose: lost };
    this.#sql = loaded(settings.server.url, { ...clientOptions(settings), ...(isSession && session) });
  }

  query(statement: string, parameters: readonly string[], isPrepared: boolean): Promise<readonly unknown[]> {
    const options = { prepare: isPrepared && this.#settings.prepare };
    return this.#answered(this.#sql.unsafe(statement, [...parameters], options));
  }

  copy(statement: string, data: Buffer): Promise<unknown> {
    return this.#answered(copyInto(this.#sql, statement, data));
  }

  async close(): Promise<void> {
    this.isUsable = false;
    await this.#sql.end({ timeout: 0 });
  }

  async #answered<R>(answer: Promise<R>): Promise<R> {
    try {
      return await this.#withinLimit(answer);
    } catch (cause) {
      if (!isStatementError(cause)) void this.close();
      throw cause;
    }
  }

  #withinLimit<R>(answer: Promise<R>): Promise<R> {
    const { name, server, statementTimeoutMs, connectTimeoutMs } = this.#settings;
    if (statementTimeoutMs === 0) return answer;
    const limitMs = connectTimeoutMs + statementTimeoutMs + GRACE_MS;
    return new Promise((resolve, reject) => {
      const timer = this.#scheduler.after(limitMs, () => {
        reject(new ConnectorError(name, `${server.address} was silent for ${limitMs} ms.`, { retryable: true }));
      });
      answer.finally(() => timer.cancel()).then(resolve, reject);
    });
  }
}

/**
 * A client of the package's with one connection each. In a client with many, one that was lost tells its last error to the
 * next call too, and is waited for in vain at the end: nothing but a new client gets rid of it.
 */
function clientOptions(settings: PostgresSettings) {
  const { server, statementTimeoutMs, connectTimeoutMs } = settings;
  return {
    max: 1,
    ssl: server.ssl,
    socket: () => socketTo(settings),
    connect_timeout: connectTimeoutMs / 1000,
    connection: { application_name: 'daoflow', statement_timeout: statementTimeoutMs },
    fetch_types: false,
    backoff: () => 0, // the stage that calls us waits between its attempts
    onnotice: () => undefined, // would be printed, and may hold data
  };
}

function onceOnly(settings: PostgresSettings): () => Socket {
  let isFirst = true;
  return () => {
    if (!isFirst) throw new ConnectorError(settings.name, 'the connection was lost', { retryable: true });
    isFirst = false;
    return socketTo(settings);
  };
}

async function loadPackage(connector: string): Promise<typeof Package> {
  try {
    return (await import('postgres')).default;
  } catch (cause) {
    throw new ConnectorError(connector, 'its client is not installed. Install it: npm i postgres', { cause });
  }
}

/**
 * A socket that sends at once: the last message of a COPY is short, and waited 40 ms for an acknowledgement otherwise
 * (172 rows/s instead of 4,400 with 16 connections and one row per COPY). Returned while it still connects: after a
 * rejected promise the package would never use the connection again.
 */
function socketTo({ server: { host, port } }: PostgresSettings): Socket {
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect({ host, port, noDelay: true });
  return Object.assign(socket, { host });
}

/**
 * The package's own stream never ends when the server refuses the rows after their end (porsager/postgres#1173), and ends
 * before the statements that follow. Its query object is told first of the stream, then of the end of everything, so we
 * listen there.
 */
function copyInto(sql: Sql, statement: string, data: Buffer): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const told = (result: unknown): void => {
      if (!(result instanceof Writable)) {
        resolve(result);
        return;
      }
      result.on('error', () => undefined); // `reject` is told too
      result.end(data);
    };
    void Object.assign(sql.unsafe(statement), { resolve: told, reject }).execute();
  });
}
