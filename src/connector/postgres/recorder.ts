/** Statements within a transaction, each of which fails for itself alone, and can be run again. */

import type { Connection, Statements } from './connection.ts';
import { isStatementError } from './failure.ts';

/** A statement that has run. */
export type Work =
  | { readonly statement: string; readonly parameters: readonly string[]; readonly isPrepared: boolean }
  | { readonly statement: string; readonly data: Buffer };

export const SAVEPOINT = 'savepoint daoflow';
export const RELEASE = 'release savepoint daoflow';
export const ROLL_BACK: string = `rollback to ${SAVEPOINT}; ${RELEASE}`;

/** Runs statements between savepoints: one that fails takes no other with it. */
export class Recorder implements Statements {
  readonly #connection: Connection;
  readonly #done: Work[];

  /** @param done - takes what has run */
  constructor(connection: Connection, done: Work[]) {
    this.#connection = connection;
    this.#done = done;
  }

  async query(statement: string, parameters: readonly string[], isPrepared: boolean): Promise<readonly unknown[]> {
    // Sent together: a round trip for each would cost more than most statements.
    const [before, answer, after] = await Promise.allSettled([
      this.#connection.query(SAVEPOINT, [], false),
      this.#connection.query(statement, parameters, isPrepared),
      this.#connection.query(RELEASE, [], false),
    ]);
    if (before.status === 'rejected') throw before.reason;
    if (answer.status === 'rejected') return this.#takenBack(answer.reason);
    if (after.status === 'rejected') throw after.reason;
    this.#done.push({ statement, parameters, isPrepared });
    return answer.value;
  }

  async copy(statement: string, data: Buffer): Promise<unknown> {
    const whole = `${SAVEPOINT}; ${statement}; ${RELEASE}`;
    try {
      await this.#connection.copy(whole, data);
    } catch (cause) {
      return this.#takenBack(cause);
    }
    this.#done.push({ statement, data });
    return undefined;
  }

  async #takenBack(cause: unknown): Promise<never> {
    if (isStatementError(cause)) await this.#connection.query(ROLL_BACK, [], false);
    throw cause;
  }
}

export function ran(connection: Connection, work: Work): Promise<unknown> {
  if ('data' in work) return connection.copy(work.statement, work.data);
  return connection.query(work.statement, work.parameters, work.isPrepared);
}

/** As characters, which is close enough. */
export function bytesOf(done: readonly Work[]): number {
  return done.reduce((sum, work) => sum + ('data' in work ? work.data.length : lengthOf(work.parameters)), 0);
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}
