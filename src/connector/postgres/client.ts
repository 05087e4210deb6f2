/**
 * A pool of connections, for calls that stand alone.
 *
 * **Invariants** (test/integration/connector-postgres-faults.test.ts)
 * - One call at a time per connection, and as many connections as there were calls at a time.
 * - A connection that is not usable any more is not used again.
 */

import type { Scheduler } from '../../time/clock.ts';
import { connector, type Connection, type Statements } from './connection.ts';
import type { PostgresSettings } from './settings.ts';

export class Client implements Statements {
  readonly #connect: () => Connection;
  readonly #all = new Set<Connection>();
  /** The one used last is used next: few calls at a time keep few connections busy. */
  readonly #idle: Connection[] = [];

  /** Connects when it is used. @throws ConnectorError with the install line when the package is missing */
  static async load(settings: PostgresSettings, scheduler: Scheduler): Promise<Client> {
    return new Client(await connector(settings, scheduler, false));
  }

  private constructor(connect: () => Connection) {
    this.#connect = connect;
  }

  query(statement: string, parameters: readonly string[], isPrepared: boolean): Promise<readonly unknown[]> {
    return this.#answered((connection) => connection.query(statement, parameters, isPrepared));
  }

  copy(statement: string, data: Buffer): Promise<unknown> {
    return this.#answered((connection) => connection.copy(statement, data));
  }

  /** Fails calls under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map((connection) => connection.close()));
  }

  async #answered<R>(call: (connection: Connection) => Promise<R>): Promise<R> {
    const connection = this.#idle.pop() ?? this.#newConnection();
    try {
      return await call(connection);
    } finally {
      if (connection.isUsable) this.#idle.push(connection);
      else this.#all.delete(connection);
    }
  }

  #newConnection(): Connection {
    const connection = this.#connect();
    this.#all.add(connection);
    return connection;
  }
}
