/**
 * Row programs as composed closures: the fallback where code generation is off, and the reference
 * for the generated ones (row-codegen.ts), which must give the same results.
 */

import type { AggregateDefinition, CustomAggregate } from '../aggregate/aggregate.ts';
import { type Countable, DistinctSketch } from '../aggregate/distinct-sketch.ts';
import { PercentileSketch } from '../aggregate/percentile-sketch.ts';
import type { RowColumn, RowProgram, Rows, WindowFrame } from './rows.ts';

/** One aggregate, over its own column. `read` may throw; `write` may not. */
interface Lane {
  /** The value that `write` takes in. For `custom` the next accumulator itself. */
  readonly read: (event: unknown, column: RowColumn, row: number, fresh: boolean) => unknown;
  readonly write: (column: RowColumn, row: number, value: unknown, fresh: boolean) => void;
  readonly merge: (into: RowColumn, intoRow: number, from: RowColumn, fromRow: number, fresh: boolean) => void;
  readonly result: (column: RowColumn, row: number, count: number) => unknown;
}

/** @param names - of the aggregates, in the order of `definitions` */
export function interpretRows(names: readonly string[], definitions: readonly AggregateDefinition[]): RowProgram {
  const lanes = definitions.map((definition, i) => laneOf(definition, names[i] as string));
  const values: unknown[] = lanes.map(() => undefined);
  return {
    definitions,
    add(rows, row, event) {
      const count = rows.counts[row] as number;
      for (let i = 0; i < lanes.length; i += 1) {
        values[i] = (lanes[i] as Lane).read(event, columnOf(rows, i), row, count === 0);
      }
      for (let i = 0; i < lanes.length; i += 1) {
        (lanes[i] as Lane).write(columnOf(rows, i), row, values[i], count === 0);
        values[i] = undefined;
      }
      rows.counts[row] = count + 1;
    },
    merge(into, intoRow, from, fromRow) {
      const count = into.counts[intoRow] as number;
      for (const [i, lane] of lanes.entries()) {
        lane.merge(columnOf(into, i), intoRow, columnOf(from, i), fromRow, count === 0);
      }
      into.counts[intoRow] = count + (from.counts[fromRow] as number);
    },
    result(rows, row, frame) {
      const out = frameOf(frame);
      for (const [i, lane] of lanes.entries()) {
        out[names[i] as string] = lane.result(columnOf(rows, i), row, rows.counts[row] as number);
      }
      return out;
    },
  };
}

/** The value is not what the aggregate can count. */
export function rejectValue(name: string, expected: string, value: unknown): never {
  const shown = typeof value === 'number' ? String(value) : value === null ? 'null' : typeof value;
  throw new TypeError(`aggregate ${name}: its function must give ${expected}, and gave ${shown}`);
}

export const FINITE = 'a finite number';
export const COUNTABLE = 'a string, number, boolean or bigint';

/** How many events a row may keep; Infinity where it keeps none. */
export function mostEvents(definitions: readonly AggregateDefinition[]): number {
  const events = definitions.find((definition) => definition.kind === 'events');
  return events === undefined ? Infinity : events.maxEvents;
}

/** The bound on events of one window and key is reached: the event is refused, the window goes on. */
export function rejectEvent(maxEvents: number): never {
  throw new RangeError(`the window holds its maximum of ${maxEvents} events for this key (maxEvents)`);
}

function frameOf(frame: WindowFrame): Record<string, unknown> {
  const { key, start, end, revision } = frame;
  return key === undefined ? { start, end, revision } : { key, start, end, revision };
}

function columnOf(rows: Rows, i: number): RowColumn {
  return rows.columns[i] as RowColumn;
}

function laneOf(definition: AggregateDefinition, name: string): Lane {
  switch (definition.kind) {
    case 'count':
      return { read: nothing, write: nothing, merge: nothing, result: (_column, _row, count) => count };
    case 'sum':
    case 'mean':
    case 'min':
    case 'max':
      return numberLane(definition.kind, definition.value as (event: unknown) => unknown, name);
    case 'percentile': {
      const { q } = definition;
      const read = finite(definition.value as (event: unknown) => unknown, name);
      return sketchLane<PercentileSketch>(read, PercentileSketch, (sketch) => sketch.quantile(q));
    }
    case 'distinct': {
      const read = countable(definition.value as (event: unknown) => unknown, name);
      return sketchLane<DistinctSketch>(read, DistinctSketch, (sketch) => sketch.count());
    }
    case 'custom':
      return customLane(definition.custom as CustomAggregate<unknown, unknown, unknown>);
    case 'events':
      return eventsLane(definition.maxEvents);
  }
}

function nothing(): void {
  // `count` has no column: the row's own count is its value.
}

function finite(f: (event: unknown) => unknown, name: string): (event: unknown) => number {
  return (event) => {
    const value = f(event);
    return typeof value === 'number' && value - value === 0 ? value : rejectValue(name, FINITE, value);
  };
}

function countable(f: (event: unknown) => unknown, name: string): (event: unknown) => Countable {
  return (event) => {
    const value = f(event);
    return isCountable(value) ? value : rejectValue(name, COUNTABLE, value);
  };
}

export function isCountable(value: unknown): value is Countable {
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'bigint';
}

function numberLane(kind: 'sum' | 'mean' | 'min' | 'max', f: (event: unknown) => unknown, name: string): Lane {
  const join = kind === 'min' ? lesser : kind === 'max' ? greater : plus;
  return {
    read: finite(f, name),
    write(column, row, value, fresh) {
      const numbers = column as Float64Array;
      numbers[row] = fresh ? 0 + (value as number) : join(numbers[row] as number, value as number);
    },
    merge(into, intoRow, from, fromRow, fresh) {
      const value = (from as Float64Array)[fromRow] as number;
      (into as Float64Array)[intoRow] = fresh ? value : join((into as Float64Array)[intoRow] as number, value);
    },
    result(column, row, count) {
      const value = (column as Float64Array)[row] as number;
      return kind === 'mean' ? value / count : value;
    },
  };
}

function plus(a: number, b: number): number {
  return a + b;
}

function lesser(a: number, b: number): number {
  return b < a ? b : a;
}

function greater(a: number, b: number): number {
  return b > a ? b : a;
}

interface Sketch<S> {
  add(value: never): void;
  merge(other: S): void;
}

function sketchLane<S extends Sketch<S>>(
  read: (event: unknown) => unknown,
  Kind: new () => S,
  result: (sketch: S) => unknown,
): Lane {
  const at = (column: RowColumn, row: number, fresh: boolean): S =>
    ((column as unknown[])[row] = fresh ? new Kind() : (column as unknown[])[row]) as S;
  return {
    read,
    write: (column, row, value, fresh) => at(column, row, fresh).add(value as never),
    merge: (into, intoRow, from, fromRow, fresh) => at(into, intoRow, fresh).merge(at(from, fromRow, false)),
    result: (column, row) => result(at(column, row, false)),
  };
}

function customLane(custom: CustomAggregate<unknown, unknown, unknown>): Lane {
  const { init, add, merge, result } = custom;
  return {
    read: (event, column, row, fresh) => add(fresh ? init() : (column as unknown[])[row], event),
    write: (column, row, value) => ((column as unknown[])[row] = value),
    merge(into, intoRow, from, fromRow, fresh) {
      const mine = fresh ? init() : (into as unknown[])[intoRow];
      // Only reached for aggregates that can merge: window.ts keeps the others apart.
      (into as unknown[])[intoRow] = merge?.(mine, (from as unknown[])[fromRow]);
    },
    result: (column, row) => result((column as unknown[])[row]),
  };
}

function eventsLane(maxEvents: number): Lane {
  return {
    read(event, column, row, fresh) {
      const events = (column as unknown[][])[row];
      return !fresh && events !== undefined && events.length >= maxEvents ? rejectEvent(maxEvents) : event;
    },
    write(column, row, value, fresh) {
      if (fresh) (column as unknown[][])[row] = [value];
      else ((column as unknown[][])[row] as unknown[]).push(value);
    },
    merge(into, intoRow, from, fromRow, fresh) {
      const mine = fresh ? [] : ((into as unknown[][])[intoRow] as unknown[]);
      for (const event of (from as unknown[][])[fromRow] as unknown[]) mine.push(event);
      (into as unknown[][])[intoRow] = mine;
    },
    result: (column, row) => ((column as unknown[][])[row] as unknown[]).slice(),
  };
}
