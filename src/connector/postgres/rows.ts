/**
 * Events as rows: values as text, in the order of the columns.
 *
 * What an event lacks (undefined) is NULL, or the column's default where it has one: then the statement leaves the column
 * out, so rows that lack different columns with defaults go by different statements. The result does not depend on how
 * the events were cut into batches.
 */

import { toError } from './failure.ts';
import type { Column } from './table.ts';
import { textOf } from './values.ts';

/** `undefined`: the column's default. */
export type RowValue = string | null | undefined;

export interface Row {
  /** Of its event in the batch. */
  readonly index: number;
  readonly values: readonly RowValue[];
}

/** Rows that one statement writes. */
export interface RowGroup {
  /** Indices of the columns that these rows have values for. */
  readonly columns: readonly number[];
  readonly rows: readonly Row[];
}

/** @param refused - takes the events that cannot be rows, by index */
export function rowsOf(events: readonly unknown[], columns: readonly Column[], refused: Map<number, Error>): Row[] {
  const rows: Row[] = [];
  for (let index = 0; index < events.length; index += 1) {
    try {
      rows.push({ index, values: valuesOf(events[index], columns) });
    } catch (cause) {
      refused.set(index, toError(cause));
    }
  }
  return rows;
}

function valuesOf(event: unknown, columns: readonly Column[]): RowValue[] {
  const values = new Array<RowValue>(columns.length);
  let isEmpty = true;
  for (let i = 0; i < columns.length; i += 1) {
    const column = columns[i] as Column;
    const value = column.read(event);
    if (value !== undefined) isEmpty = false;
    values[i] = value === undefined && column.hasDefault ? undefined : textOf(value, column);
  }
  if (isEmpty) throw new TypeError(`the event has none of the fields ${columns.map(({ name }) => name).join(', ')}`);
  return values;
}

/**
 * One row per key, since a statement can update a row only once: the last one wins, and keeps from earlier ones what it
 * leaves to the default, as if each had been written after the other. Sorted by key, so that statements that run at the same time
 * lock rows in the same order and do not wait for each other in a circle. NULL is like no other NULL.
 */
export function oncePerKey(rows: readonly Row[], columns: readonly Column[]): Row[] {
  const key = columns.flatMap(({ isKey }, i) => (isKey ? [i] : []));
  const keyed = new Map<string, Row>();
  const others: Row[] = [];
  for (const row of rows) {
    const text = keyText(row, key);
    if (text === undefined) others.push(row);
    else keyed.set(text, merged(keyed.get(text), row));
  }
  const sorted = [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  return [...sorted, ...others];
}

/** The length goes before each part, so that no two keys have one text. */
function keyText({ values }: Row, key: readonly number[]): string | undefined {
  let text = '';
  for (const at of key) {
    const value = values[at];
    if (value === null || value === undefined) return undefined;
    text += `${value.length}:${value}`;
  }
  return text;
}

function merged(earlier: Row | undefined, later: Row): Row {
  if (earlier === undefined || !later.values.includes(undefined)) return later;
  return {
    index: later.index,
    values: later.values.map((value, i) => (value === undefined ? earlier.values[i] : value)),
  };
}

/** Rows by the columns that they have values for; one group where no column has a default. */
export function grouped(rows: readonly Row[], columns: readonly Column[]): RowGroup[] {
  const all = columns.map((_, i) => i);
  const optional = all.filter((i) => columns[i]?.hasDefault === true);
  if (optional.length === 0) return [{ columns: all, rows }];
  const groups = new Map<string, { readonly absent: readonly number[]; readonly rows: Row[] }>();
  for (const row of rows) {
    const absent = optional.filter((i) => row.values[i] === undefined);
    const shape = absent.join();
    const group = groups.get(shape);
    if (group === undefined) groups.set(shape, { absent, rows: [row] });
    else group.rows.push(row);
  }
  return [...groups.values()].map(({ absent, rows: of }) => ({
    columns: all.filter((i) => !absent.includes(i)),
    rows: of,
  }));
}
