/**
 * Connections to the server, by the npm package `postgres`, which is loaded when the first sink is opened.
 *
 * **Invariants** (test/integration/connector-postgres-faults.test.ts)
 * - One call at a time per connection, and as many connections as there were calls at a time.
 * - Every call ends: the server gives statements up by its own timeout; a connection on which nothing is heard by then is
 *   given up by us.
 * - A connection that failed in any way but by an error of a statement is not used again.
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

export class Client {
  readonly #settings: PostgresSettings;
  readonly #scheduler: Scheduler;
  readonly #package: typeof Package;
  readonly #all = new Set<Sql>();
  /** The one used last is used next: few calls at a time keep few connections busy. */
  readonly #idle: Sql[] = [];

  /** Connects when it is used. @throws ConnectorError with the install line when the package is missing */
  static async load(settings: PostgresSettings, scheduler: Scheduler): Promise<Client> {
    return new Client(settings, scheduler, await loadPackage(settings.name));
  }

  private constructor(settings: PostgresSettings, scheduler: Scheduler, loaded: typeof Package) {
    this.#settings = settings;
    this.#scheduler = scheduler;
    this.#package = loaded;
  }

  /** Parameters are texts. @returns rows */
  query(statement: string, parameters: string[], isPrepared: boolean): Promise<readonly unknown[]> {
    const options = { prepare: isPrepared && this.#settings.prepare };
    return this.#answered((sql) => sql.unsafe(statement, parameters, options));
  }

  /** @param statement - with one `copy ... from stdin`; others around it run in the same transaction */
  copy(statement: string, data: Buffer): Promise<unknown> {
    return this.#answered((sql) => copyInto(sql, statement, data));
  }

  /** Fails calls under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map((sql) => sql.end({ timeout: 0 })));
  }

  async #answered<R>(call: (sql: Sql) => Promise<R>): Promise<R> {
    const sql = this.#idle.pop() ?? this.#newConnection();
    try {
      const result = await this.#withinLimit(call(sql));
      this.#idle.push(sql);
      return result;
    } catch (cause) {
      if (isStatementError(cause)) this.#idle.push(sql);
      else this.#giveUp(sql);
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

  /**
   * A client of the package's with one connection each. In a client with many, one that was lost tells its last error to the
   * next call too, and is waited for in vain at the end: nothing but a new client gets rid of it.
   */
  #newConnection(): Sql {
    const { server, statementTimeoutMs, connectTimeoutMs } = this.#settings;
    const options = {
      max: 1,
      ssl: server.ssl,
      socket: () => socketTo(this.#settings),
      connect_timeout: connectTimeoutMs / 1000,
      connection: { application_name: 'daoflow', statement_timeout: statementTimeoutMs },
      fetch_types: false,
      backoff: () => 0, // the stage that calls us waits between its attempts
      onnotice: () => undefined, // would be printed, and may hold data
    };
    const sql = this.#package(server.url, options);
    this.#all.add(sql);
    return sql;
  }

  #giveUp(sql: Sql): void {
    this.#all.delete(sql);
    void sql.end({ timeout: 0 });
  }
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
