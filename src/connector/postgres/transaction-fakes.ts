/** A database of one table and the table of checkpoints, in virtual time, whose connections can be lost at any statement. */

import type { Scheduler } from '../../time/clock.ts';
import {
  COME_BACK,
  CREATE_TABLE,
  END_BACKEND,
  OWNER,
  OWNERS_BACKEND,
  SAVE,
  TABLE_EXISTS,
  TAKE_OVER,
} from './checkpoint-table.ts';
import type { Connection } from './connection.ts';
import { BEGIN, RELEASE, ROLL_BACK, SAVEPOINT } from './session.ts';

export interface FlowRow {
  readonly epoch: number;
  readonly owner: string;
  readonly backend: number;
  readonly number: number;
  readonly state: Uint8Array | null;
}

/** What a connection has done since `begin`. */
interface Open {
  rows: string[];
  flow: FlowRow | undefined;
  /** Rows at the savepoint. */
  kept: number;
  hasFailed: boolean;
}

/** Values that the table refuses. */
export const REFUSED = 'refused';
const ROUND_TRIP_MS = 1;

export class FakeDatabase {
  /** What is committed. */
  rows: string[] = [];
  flow: FlowRow | undefined;
  statements = 0;
  /** False: the connection of another owner cannot be ended. */
  mayEnd = true;
  /** Number of a statement -> its connection is lost before or after it has run. */
  readonly losses: Map<number, 'before' | 'after'> = new Map();
  readonly scheduler: Scheduler;
  readonly connections: FakeConnection[] = [];

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  connect(): FakeConnection {
    const connection = new FakeConnection(this, this.connections.length + 1);
    this.connections.push(connection);
    return connection;
  }

  /** Whoever has changed the row of the flow and has not committed yet. */
  holderOfRow(): FakeConnection | undefined {
    return this.connections.find((connection) => connection.holdsRow);
  }
}

export class FakeConnection implements Connection {
  isUsable = true;
  readonly #database: FakeDatabase;
  readonly #number: number;
  #open: Open | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(database: FakeDatabase, number: number) {
    this.#database = database;
    this.#number = number;
  }

  get holdsRow(): boolean {
    return this.#open?.flow !== undefined;
  }

  query(statement: string, parameters: readonly string[]): Promise<readonly unknown[]> {
    const answer = this.#turn.then(() => this.#answer(statement, parameters));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  copy(): Promise<unknown> {
    throw new Error('not part of the fake');
  }

  close(): Promise<void> {
    this.isUsable = false;
    this.#open = undefined;
    return Promise.resolve();
  }

  async #answer(statement: string, parameters: readonly string[]): Promise<readonly unknown[]> {
    await this.#pass();
    this.#database.statements += 1;
    const loss = this.#database.losses.get(this.#database.statements);
    if (loss === 'before') void this.close();
    while (statement === TAKE_OVER && this.#isHeldUp()) await this.#pass();
    this.#checkUsable();
    const rows = this.#run(statement, parameters);
    if (loss === 'after') void this.close();
    await this.#pass();
    this.#checkUsable();
    return rows;
  }

  #isHeldUp(): boolean {
    const holder = this.#database.holderOfRow();
    return holder !== undefined && holder !== this;
  }

  #pass(): Promise<void> {
    return new Promise((resolve) => void this.#database.scheduler.after(ROUND_TRIP_MS / 2, resolve));
  }

  #checkUsable(): void {
    if (!this.isUsable) throw Object.assign(new Error('lost'), { code: 'CONNECTION_CLOSED' });
  }

  #run(statement: string, parameters: readonly string[]): readonly unknown[] {
    const open = this.#open;
    if (open?.hasFailed === true && statement !== ROLL_BACK) throw serverError('25P02');
    switch (statement) {
      case BEGIN:
        this.#open = { rows: [], flow: undefined, kept: 0, hasFailed: false };
        return [];
      case 'commit':
        this.#commit();
        return [];
      case SAVEPOINT:
        if (open === undefined) throw serverError('25P01');
        open.kept = open.rows.length;
        return [];
      case RELEASE:
        return [];
      case ROLL_BACK:
        if (open !== undefined) Object.assign(open, { rows: open.rows.slice(0, open.kept), hasFailed: false });
        return [];
      case TABLE_EXISTS:
        return [{ exists: true }];
      case CREATE_TABLE:
        return [];
      default:
        return this.#runOnTables(statement, parameters);
    }
  }

  #runOnTables(statement: string, parameters: readonly string[]): readonly unknown[] {
    const row = this.#open?.flow ?? this.#database.flow;
    const [first = '', second = '', third = '', fourth = ''] = parameters;
    switch (statement) {
      case OWNERS_BACKEND:
        return row === undefined ? [] : [{ backend: row.backend, start: String(row.backend) }];
      case END_BACKEND:
        if (!this.#database.mayEnd) throw serverError('42501');
        void this.#database.connections[Number(first) - 1]?.close();
        return [];
      case TAKE_OVER:
        if (row !== undefined && String(row.backend) !== third) return [];
        return this.#setRow({
          number: 0,
          state: null,
          ...row,
          epoch: (row?.epoch ?? 0) + 1,
          owner: second,
          backend: this.#number,
        });
      case OWNER:
        return row === undefined ? [] : [{ ...row, since: 'then' }];
      case COME_BACK:
        return row?.epoch === Number(second) ? this.#setRow({ ...row, backend: this.#number }) : [];
      case SAVE:
        if (row?.epoch !== Number(second)) return [];
        return this.#setRow({ ...row, number: Number(third), state: Buffer.from(fourth, 'base64') });
      default:
        return this.#insert(parameters);
    }
  }

  #insert(values: readonly string[]): readonly unknown[] {
    const rows = this.#open?.rows ?? this.#database.rows;
    if (values.includes(REFUSED)) {
      if (this.#open !== undefined) this.#open.hasFailed = true;
      throw serverError('23505');
    }
    rows.push(...values);
    return [];
  }

  #setRow(row: FlowRow): readonly unknown[] {
    if (this.#open === undefined) this.#database.flow = row;
    else this.#open.flow = row;
    return [row];
  }

  #commit(): void {
    const { rows = [], flow } = this.#open ?? {};
    this.#database.rows.push(...rows);
    if (flow !== undefined) this.#database.flow = flow;
    this.#open = undefined;
  }
}

function serverError(code: string): Error {
  return Object.assign(new Error(`refused by the fake (${code})`), { code, severity: 'ERROR' });
}
