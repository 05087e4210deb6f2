/** Rows of accumulators as plain data, and back. */

import { checkPlain } from '../../state/stored.ts';
import type { AggregateDefinition } from '../aggregate/aggregate.ts';
import { type DistinctData, DistinctSketch } from '../aggregate/distinct-sketch.ts';
import { type PercentileData, PercentileSketch } from '../aggregate/percentile-sketch.ts';
import type { RowColumn, Rows } from './rows.ts';

/** Some rows of a `Rows`: counts, and per aggregate one entry per row. */
export interface RowsData {
  readonly counts: readonly number[];
  readonly columns: readonly (readonly unknown[])[];
}

/** What stored rows mean: names and kinds of the aggregates. */
export function shapeOf(names: readonly string[], definitions: readonly AggregateDefinition[]): string {
  return names.map((name, i) => `${name}:${definitions[i]?.kind ?? ''}`).join(', ');
}

/** @param path - of the operator, for the message when a custom accumulator is not plain data */
export function packRows(
  rows: Rows,
  definitions: readonly AggregateDefinition[],
  at: readonly number[],
  path: string,
): RowsData {
  return {
    counts: at.map((row) => rows.counts[row] as number),
    columns: definitions.map((definition, i) => {
      const column = rows.columns[i] as RowColumn;
      return at.map((row) => pack(definition, column[row], path));
    }),
  };
}

export function unpackRows(
  rows: Rows,
  definitions: readonly AggregateDefinition[],
  at: readonly number[],
  { counts, columns }: RowsData,
): void {
  for (const [i, row] of at.entries()) {
    if (row >= rows.counts.length) rows.grow(row);
    rows.counts[row] = counts[i] as number;
    for (const [c, definition] of definitions.entries()) {
      if (definition.kind !== 'count') (rows.columns[c] as unknown[])[row] = unpack(definition, columns[c]?.[i]);
    }
  }
}

function pack({ kind }: AggregateDefinition, value: unknown, path: string): unknown {
  switch (kind) {
    case 'count':
      return undefined;
    case 'sum':
    case 'min':
    case 'max':
    case 'mean':
      return value;
    case 'percentile':
      return (value as PercentileSketch).snapshot();
    case 'distinct':
      return (value as DistinctSketch).snapshot();
    case 'events':
      checkPlain(value, path);
      return [...(value as unknown[])];
    case 'custom':
      checkPlain(value, path);
      return value;
  }
}

function unpack({ kind }: AggregateDefinition, data: unknown): unknown {
  if (kind === 'percentile') return PercentileSketch.restored(data as PercentileData);
  if (kind === 'distinct') return DistinctSketch.restored(data as DistinctData);
  return data;
}
