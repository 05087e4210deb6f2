/**
 * One transaction from checkpoint to checkpoint: what sinks write, and then the checkpoint, are committed together.
 *
 * Whoever starts the flow anew raises its epoch; every commit looks whether the epoch is still its own. Statements are kept
 * until they are committed, so that a lost connection costs no more than running them again on the next one.
 *
 * **Invariants** (transaction.test.ts: a loss at any statement, before it ran or after)
 * - What is committed is exactly what was written before the checkpoint that is committed with it.
 * - Once an epoch is taken nothing of an older one is committed.
 * - A write that failed, or was given up, has left nothing behind; one that was confirmed is committed or written again.
 * - Writes run beside each other; a commit runs alone, and later writes wait for it.
 */

import { ConnectorError, FencedError, RefusedEventsError, ShutdownError } from '../../errors/errors.ts';
import type { SinkTransaction, TransactionContext } from '../../event/transaction.ts';
import { onAbort, pause } from '../waiting.ts';
import {
  CHECKPOINT_TABLE,
  COME_BACK,
  CREATE_TABLE,
  END_BACKEND,
  OWNER,
  OWNERS_BACKEND,
  SAVE,
  TABLE_EXISTS,
  TAKE_OVER,
} from './checkpoint-table.ts';
import type { Connection, Statements } from './connection.ts';
import { failureOf, isStatementError } from './failure.ts';
import { bytesOf, Recorder, Session, type Work } from './session.ts';

export interface TransactionOptions extends TransactionContext {
  /** Of the connector, for messages. */
  readonly name: string;
  /** Of the server, for messages. */
  readonly address: string;
  /** Who this is, for the one that is deposed. */
  readonly owner: string;
  readonly connect: () => Connection;
}

/** Statements kept until they are committed, before a checkpoint is asked for, bytes. */
const MUCH_BYTES = 64 * 2 ** 20;
const FIRST_WAIT_MS = 50;
const MAX_WAIT_MS = 2_000;
/** Each time somebody else came in between. */
const MAX_TAKEOVERS = 10;

export class Transaction implements SinkTransaction {
  readonly #options: TransactionOptions;
  #last: Uint8Array | undefined;
  #epoch = 0;
  /** Of the checkpoint that was committed last. */
  #number = 0;
  #session: Session | undefined;
  /** Since the last commit. */
  #kept: Work[] = [];
  #keptBytes = 0;
  #committing: Promise<void> | undefined;

  /** @throws ConnectorError */
  static async begin(options: TransactionOptions): Promise<Transaction> {
    const transaction = new Transaction(options);
    const forget = onAbort(options.signal, () => transaction.#lose(transaction.#session));
    try {
      await transaction.#takeOver();
    } catch (cause) {
      transaction.#lose(transaction.#session);
      throw transaction.#failure('cannot take over the flow', cause);
    } finally {
      forget();
    }
    return transaction;
  }

  private constructor(options: TransactionOptions) {
    this.#options = options;
  }

  get last(): Uint8Array | undefined {
    return this.#last;
  }

  get toBeginAnew(): string {
    return `delete the row of flow ${this.#options.flow} from ${CHECKPOINT_TABLE} (${this.#options.address}), and what it wrote`;
  }

  /**
   * @param work - all its statements count, or, when it throws anything but a RefusedEventsError, none
   * @param signal - gives it up: then it has left nothing behind
   */
  async write(work: (to: Statements) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (this.#committing !== undefined) await this.#committing.catch(() => undefined);
    const done: Work[] = [];
    let session: Session | undefined;
    const forget = onAbort(signal, () => this.#lose(session));
    try {
      checkWanted(signal);
      session = await this.#joined();
      const refusal = await refusalOf(work(new Recorder(session, done)));
      checkWanted(signal);
      if (session !== this.#session) throw this.#lost();
      this.#keep(done);
      if (refusal !== undefined) throw refusal;
    } catch (cause) {
      if (cause instanceof RefusedEventsError) throw cause;
      this.#lose(session);
      throw this.#failure('cannot write', cause);
    } finally {
      forget();
    }
  }

  commit(checkpoint: Uint8Array): Promise<void> {
    const commit = this.#commit(Buffer.from(checkpoint).toString('base64')).finally(() => {
      this.#committing = undefined;
    });
    this.#committing = commit;
    return commit;
  }

  async close(): Promise<void> {
    const { connection } = this.#session ?? {};
    this.#lose(this.#session);
    await connection?.close();
  }

  #keep(done: readonly Work[]): void {
    this.#kept.push(...done);
    const before = this.#keptBytes;
    this.#keptBytes += bytesOf(done);
    if (this.#keptBytes > MUCH_BYTES && before <= MUCH_BYTES) this.#options.commitSoon();
  }

  /** Until it is committed, or never can be. */
  async #commit(state: string): Promise<void> {
    const { signal, scheduler, name } = this.#options;
    const number = this.#number + 1;
    for (let attempt = 0; ; attempt += 1) {
      const failure = await this.#tryCommit(number, state);
      if (failure === undefined) {
        if (attempt > 0) this.#options.notice('info', `${name}: committed, at attempt ${attempt + 1}`);
        return;
      }
      if (signal.aborted || !failure.retryable) throw failure;
      if (attempt === 0) this.#options.notice('warn', `${failure.message} Trying again until it works.`);
      await pause(scheduler, Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt), signal);
    }
  }

  async #tryCommit(number: number, state: string): Promise<ConnectorError | undefined> {
    const forget = onAbort(this.#options.signal, () => this.#lose(this.#session));
    try {
      const session = await this.#usable();
      if (this.#number < number) await this.#save(session, number, state);
      return undefined;
    } catch (cause) {
      this.#lose(this.#session);
      return this.#failure('cannot commit', cause);
    } finally {
      forget();
    }
  }

  async #save(session: Session, number: number, state: string): Promise<void> {
    const { flow } = this.#options;
    const { connection } = session;
    const rows = await connection.query(SAVE, [flow, String(this.#epoch), String(number), state], false);
    if (rows.length === 0) throw await this.#fenced(connection);
    if (session.begun !== undefined) await connection.query('commit', [], false);
    session.begun = undefined;
    this.#committed(number);
  }

  #committed(number: number): void {
    this.#number = number;
    this.#kept = [];
    this.#keptBytes = 0;
  }

  /** Within the transaction. */
  async #joined(): Promise<Session> {
    const session = await this.#usable();
    try {
      await session.begin();
    } catch (cause) {
      this.#lose(session);
      throw cause;
    }
    return session;
  }

  /** One that has run everything that is kept. */
  async #usable(): Promise<Session> {
    if (this.#session?.connection.isUsable !== true) {
      this.#session = new Session(this.#options.connect());
      this.#session.ready = this.#comeBack(this.#session);
    }
    const session = this.#session;
    try {
      await session.ready;
    } catch (cause) {
      this.#lose(session);
      throw cause;
    }
    return session;
  }

  async #comeBack(session: Session): Promise<void> {
    const { connection } = session;
    const [row] = await connection.query(COME_BACK, [this.#options.flow, String(this.#epoch)], false);
    if (row === undefined) throw await this.#fenced(connection);
    const { number } = row as { number: number };
    if (number > this.#number) this.#committed(number); // the answer was lost, not the commit
    if (this.#kept.length === 0) return;
    await session.begin();
    await Promise.all(this.#kept.map((work) => session.run(work)));
  }

  async #takeOver(): Promise<void> {
    const { flow, owner, name, connect } = this.#options;
    const connection = connect();
    this.#session = new Session(connection);
    const [table] = await connection.query(TABLE_EXISTS, [], false);
    if (!(table as { exists: boolean }).exists) await this.#createTable(connection);
    for (let i = 0; i < MAX_TAKEOVERS; i += 1) {
      const ended = await this.#endOwner(connection);
      const [row] = await connection.query(TAKE_OVER, [flow, owner, ended], false);
      if (row === undefined) continue;
      const { epoch, number, state } = row as { epoch: number; number: number; state: Uint8Array | null };
      this.#epoch = epoch;
      this.#number = number;
      this.#last = state ?? undefined;
      return;
    }
    throw new ConnectorError(name, `others take over flow ${flow} at the same time, again and again.`);
  }

  async #createTable(connection: Connection): Promise<void> {
    try {
      await connection.query(CREATE_TABLE, [], false);
    } catch (cause) {
      if (!isStatementError(cause)) throw cause;
      const { name, address } = this.#options;
      const { message } = failureOf(name, `cannot make a table for checkpoints (${address})`, cause);
      throw new ConnectorError(name, `${message} Let this user create tables, or: ${CREATE_TABLE}`, { cause });
    }
  }

  /** @returns when its connection had begun; '' when there was none */
  async #endOwner(connection: Connection): Promise<string> {
    const [row] = await connection.query(OWNERS_BACKEND, [this.#options.flow], false);
    if (row === undefined) return '';
    const { backend, start } = row as { backend: number; start: string };
    try {
      await connection.query(END_BACKEND, [String(backend), start], false);
    } catch (cause) {
      if (!isStatementError(cause)) throw cause; // another role's: it is deposed all the same, but may hold locks for a while
    }
    return start;
  }

  async #fenced(connection: Connection): Promise<ConnectorError> {
    const { name, flow, owner } = this.#options;
    const [row] = await connection.query(OWNER, [flow], false);
    if (row === undefined) return new ConnectorError(name, `the row of flow ${flow} is gone from ${CHECKPOINT_TABLE}.`);
    return new FencedError(name, flow, {
      ...(row as { owner: string; epoch: number; since: string }),
      deposed: owner,
      deposedEpoch: this.#epoch,
    });
  }

  /** The server takes back what was not committed. */
  #lose(session: Session | undefined): void {
    void session?.connection.close();
    if (session === this.#session) this.#session = undefined;
  }

  #lost(): ConnectorError {
    const { name, address } = this.#options;
    return new ConnectorError(name, `cannot write (${address}): the connection was lost.`, { retryable: true });
  }

  #failure(doing: string, cause: unknown): ConnectorError {
    if (cause instanceof ConnectorError) return cause;
    const { name, address } = this.#options;
    if (cause instanceof ShutdownError) return new ConnectorError(name, cause.message, { retryable: true });
    return failureOf(name, `${doing} (${address})`, cause);
  }
}

function checkWanted(signal: AbortSignal): void {
  if (signal.aborted) throw new ShutdownError('the call was given up');
}

/** Of a write that took all events but some. */
async function refusalOf(work: Promise<void>): Promise<RefusedEventsError | undefined> {
  try {
    await work;
  } catch (cause) {
    if (!(cause instanceof RefusedEventsError)) throw cause;
    return cause;
  }
  return undefined;
}
