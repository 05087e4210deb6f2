/**
 * Writes batches, and finds out which events the table refuses.
 *
 * **Invariants** (test/integration/connector-postgres.test.ts)
 * - Confirmed events are committed.
 * - Without a lost connection nothing is written twice.
 * - An event that the table refuses (a constraint, a wrong type) is named; all others of its batch are written: a batch
 *   that fails for its data is halved until the refused events stand alone.
 */

import { ConnectorError, RefusedEventsError } from '../../errors/errors.ts';
import { arrayLiteral } from './array-literal.ts';
import type { Statements } from './connection.ts';
import { copyText } from './copy-text.ts';
import { failureOf, isAboutData } from './failure.ts';
import { grouped, oncePerKey, rowsOf, type Row, type RowGroup } from './rows.ts';
import type { PostgresSettings } from './settings.ts';
import { copyStatement, insertStatement, stagedCopyStatement } from './statement.ts';
import type { Column, Table } from './table.ts';

/** Statements prepared per connection: each set of columns that events have values for is one. */
const MAX_PREPARED = 32;

export class Writer {
  readonly #settings: PostgresSettings;
  readonly #table: Table;
  readonly #statements = new Map<string, string>();

  constructor(settings: PostgresSettings, table: Table) {
    this.#settings = settings;
    this.#table = table;
  }

  /** @throws RefusedEventsError, ConnectorError */
  async write(events: readonly unknown[], to: Statements): Promise<void> {
    const refused = new Map<number, Error>();
    const rows = rowsOf(events, this.#table.columns, refused);
    for (const part of this.#parts(rows)) await this.#writeRows(part, to, refused);
    if (refused.size > 0) throw new RefusedEventsError(this.#settings.name, refused);
  }

  /** What is halved is one statement, of which nothing was written; with updates a part may as well be written again. */
  #parts(rows: readonly Row[]): readonly (readonly Row[])[] {
    if (this.#settings.onConflict === 'update') return [rows];
    return grouped(rows, this.#table.columns).map((group) => group.rows);
  }

  async #writeRows(rows: readonly Row[], to: Statements, refused: Map<number, Error>): Promise<void> {
    const [first] = rows;
    if (first === undefined) return;
    try {
      await this.#send(rows, to);
    } catch (cause) {
      const failure = this.#failure(cause);
      if (!isAboutData(cause)) throw failure;
      if (rows.length === 1) {
        refused.set(first.index, failure);
        return;
      }
      const middle = rows.length >>> 1;
      await this.#writeRows(rows.slice(0, middle), to, refused);
      await this.#writeRows(rows.slice(middle), to, refused);
    }
  }

  async #send(rows: readonly Row[], to: Statements): Promise<void> {
    const { columns } = this.#table;
    const { onConflict, mode } = this.#settings;
    const distinct = onConflict === 'update' ? oncePerKey(rows, columns) : rows;
    for (const group of grouped(distinct, columns)) {
      await (mode === 'copy' ? this.#copy(group, to) : this.#insert(group, to));
    }
  }

  #insert(group: RowGroup, to: Statements): Promise<unknown> {
    const statement = this.#statement(group, (columns) =>
      insertStatement(this.#table, columns, this.#settings.onConflict),
    );
    const arrays = group.columns.map((at) => arrayLiteral(group.rows, ({ values }) => values[at] ?? null));
    return to.query(statement, arrays, this.#statements.has(group.columns.join()));
  }

  #copy(group: RowGroup, to: Statements): Promise<unknown> {
    const { onConflict } = this.#settings;
    const statement = this.#statement(group, (columns) =>
      onConflict === undefined
        ? copyStatement(this.#table, columns)
        : stagedCopyStatement(this.#table, columns, onConflict),
    );
    return to.copy(statement, copyText(group.rows, group.columns));
  }

  #statement({ columns }: RowGroup, make: (columns: readonly Column[]) => string): string {
    const set = columns.join();
    const known = this.#statements.get(set);
    if (known !== undefined) return known;
    const statement = make(columns.map((at) => this.#table.columns[at] as Column));
    if (this.#statements.size < MAX_PREPARED) this.#statements.set(set, statement);
    return statement;
  }

  #failure(cause: unknown): ConnectorError {
    if (cause instanceof ConnectorError) return cause;
    const { name, server } = this.#settings;
    return failureOf(name, `cannot write to ${this.#table.name} (${server.address})`, cause);
  }
}
