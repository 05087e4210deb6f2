/**
 * A connection within a transaction, and statements on it, each of which fails for itself alone and can be run again.
 *
 * **Invariants** (transaction.test.ts)
 * - Statements run beside each other, sent without waiting for the answers to earlier ones; a COPY runs alone.
 * - A statement that fails takes no other with it: those behind it, which the server refuses meanwhile, are sent again.
 */

import type { Connection, Statements } from './connection.ts';
import { isStatementError, sqlState } from './failure.ts';

/** A statement that has run. */
export type Work =
  | { readonly statement: string; readonly parameters: readonly string[]; readonly isPrepared: boolean }
  | { readonly statement: string; readonly data: Buffer };

/** Constraints are checked at each statement, so that events are refused while it is known which. */
export const BEGIN = 'begin isolation level read committed read write; set constraints all immediate';
export const SAVEPOINT = 'savepoint daoflow';
export const RELEASE = 'release savepoint daoflow';
export const ROLL_BACK: string = `rollback to ${SAVEPOINT}; ${RELEASE}`;
/** An earlier statement has failed, and was not rolled back yet. */
const ABORTED = '25P02';

export class Session {
  readonly connection: Connection;
  /** It may be used. */
  ready: Promise<void> = Promise.resolve();
  /** The server has begun, or begins, a transaction. */
  begun: Promise<unknown> | undefined;
  readonly #running = new Set<Promise<unknown>>();
  #isAlone = false;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  async begin(): Promise<void> {
    this.begun ??= this.connection.query(BEGIN, [], false);
    await this.begun;
  }

  run(work: Work): Promise<unknown> {
    const { connection } = this;
    if ('data' in work) return this.alone(() => connection.copy(work.statement, work.data));
    return this.beside(() => connection.query(work.statement, work.parameters, work.isPrepared));
  }

  async beside<R>(call: () => Promise<R>): Promise<R> {
    while (this.#isAlone) await this.#settled();
    return this.#counted(call());
  }

  async alone<R>(call: () => Promise<R>): Promise<R> {
    while (this.#isAlone) await this.#settled();
    this.#isAlone = true;
    try {
      while (this.#running.size > 0) await this.#settled();
      return await this.#counted(call());
    } finally {
      this.#isAlone = false;
    }
  }

  async #counted<R>(answer: Promise<R>): Promise<R> {
    this.#running.add(answer);
    try {
      return await answer;
    } finally {
      this.#running.delete(answer);
    }
  }

  async #settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }
}

/** Runs statements between savepoints, and keeps what has run. */
export class Recorder implements Statements {
  readonly #session: Session;
  readonly #done: Work[];

  /** @param done - takes what has run */
  constructor(session: Session, done: Work[]) {
    this.#session = session;
    this.#done = done;
  }

  async query(statement: string, parameters: readonly string[], isPrepared: boolean): Promise<readonly unknown[]> {
    const rows = await this.#within(() => this.#session.beside(() => this.#saved(statement, parameters, isPrepared)));
    this.#done.push({ statement, parameters, isPrepared });
    return rows;
  }

  async copy(statement: string, data: Buffer): Promise<unknown> {
    const whole = `${SAVEPOINT}; ${statement}; ${RELEASE}`;
    const result = await this.#within(() => this.#session.alone(() => this.#session.connection.copy(whole, data)));
    this.#done.push({ statement, data });
    return result;
  }

  /** Sent together: a round trip for each would cost more than most statements. */
  async #saved(statement: string, parameters: readonly string[], isPrepared: boolean): Promise<readonly unknown[]> {
    const { connection } = this.#session;
    const [before, answer, after] = await Promise.allSettled([
      connection.query(SAVEPOINT, [], false),
      connection.query(statement, parameters, isPrepared),
      connection.query(RELEASE, [], false),
    ]);
    if (before.status === 'rejected') throw before.reason;
    if (answer.status === 'rejected') throw answer.reason;
    if (after.status === 'rejected') throw after.reason;
    return answer.value;
  }

  async #within<R>(call: () => Promise<R>): Promise<R> {
    for (;;) {
      try {
        return await call();
      } catch (cause) {
        if (sqlState(cause) === ABORTED) continue;
        if (isStatementError(cause)) await this.#session.connection.query(ROLL_BACK, [], false);
        throw cause;
      }
    }
  }
}

/** As characters, which is close enough. */
export function bytesOf(done: readonly Work[]): number {
  return done.reduce((sum, work) => sum + ('data' in work ? work.data.length : lengthOf(work.parameters)), 0);
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}
