/**
 * Accumulators of the aggregates of a window, one row per key or session, one column per aggregate.
 *
 * Invariants (window.test.ts)
 * - `counts[row]` is the number of events in a row; 0 = the row is empty and its columns mean nothing.
 * - A program's `add` throws before it has changed anything.
 * - The generated program and the interpreted one give the same results.
 */

import { grownFloats } from '../../state/columns.ts';
import type { AggregateDefinition } from '../aggregate/aggregate.ts';
import type { Key } from '../operator.ts';

/** Numbers live in a typed array, sketches and accumulators of the user's own in a plain one. */
export type RowColumn = Float64Array | unknown[];

/** What a result says about its window, whatever the aggregates are. One object serves a whole close. */
export interface WindowFrame {
  key: Key | undefined;
  start: number;
  end: number;
  revision: number;
}

/** Aggregates of one window, ready to run over rows. */
export interface RowProgram {
  readonly definitions: readonly AggregateDefinition[];
  /** Adds an event to a row. @throws TypeError when it cannot be counted; what user code throws */
  add(rows: Rows, row: number, event: unknown): void;
  /** Adds a row that is not empty to another one, of the same or of other rows. */
  merge(into: Rows, intoRow: number, from: Rows, fromRow: number): void;
  /** `{ key, start, end, revision, ...aggregates }`, without `key` where the flow is not keyed. */
  result(rows: Rows, row: number, frame: WindowFrame): object;
}

/** Small, since a flow may hold thousands of panes with a few keys each. */
const FIRST_ROWS = 16;

export class Rows {
  counts: Float64Array = new Float64Array(FIRST_ROWS);
  readonly columns: RowColumn[];
  /** Those of `columns` that hold objects. */
  readonly #objects: unknown[][];

  constructor(definitions: readonly AggregateDefinition[]) {
    this.columns = definitions.map(newColumn);
    this.#objects = this.columns.filter((column) => Array.isArray(column));
  }

  /** Makes room for a row. Replaces the arrays: whoever holds on to one asks again. */
  grow(row: number): void {
    this.counts = grownFloats(this.counts, row);
    for (let i = 0; i < this.columns.length; i += 1) {
      const column = this.columns[i] as RowColumn;
      if (column instanceof Float64Array && column.length > 0) this.columns[i] = grownFloats(column, row);
    }
  }

  clear(row: number): void {
    this.counts[row] = 0;
    for (const column of this.#objects) column[row] = undefined;
  }
}

/** `count` needs no column of its own. */
function newColumn(definition: AggregateDefinition): RowColumn {
  switch (definition.kind) {
    case 'count':
      return new Float64Array(0);
    case 'sum':
    case 'min':
    case 'max':
    case 'mean':
      return new Float64Array(FIRST_ROWS);
    case 'percentile':
    case 'distinct':
    case 'custom':
    case 'events':
      return [];
  }
}
