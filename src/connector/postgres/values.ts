/**
 * JavaScript values as PostgreSQL reads them: the same text in a parameter and in COPY.
 *
 * | value | text |
 * |---|---|
 * | string, number, bigint, boolean | itself |
 * | Date; a number for a date or time column (epoch ms) | ISO 8601 in UTC |
 * | Uint8Array | hexadecimal `bytea` |
 * | anything for a json or jsonb column; an object elsewhere | JSON |
 * | an array for an array column | an array literal |
 * | null | NULL |
 */

import { arrayLiteral } from './array-literal.ts';

/** What a column, or an element of an array column, holds. */
export type ValueKind = 'json' | 'time' | 'scalar' | 'text';

export interface ValueColumn {
  readonly name: string;
  /** As a person knows it: `bigint`. */
  readonly type: string;
  readonly kind: ValueKind;
  readonly isArray: boolean;
}

/** @throws Error that names the column when no value of its type can be made of it */
export function textOf(value: unknown, column: ValueColumn): string | null {
  if (value === null || value === undefined) return null;
  if (!column.isArray) return scalarText(value, column);
  if (!Array.isArray(value)) return typeof value === 'string' ? value : refuse(value, column);
  return nestedLiteral(value, column);
}

function nestedLiteral(values: readonly unknown[], column: ValueColumn): string {
  return arrayLiteral(values, (value) => {
    if (Array.isArray(value) && column.kind !== 'json') return { literal: nestedLiteral(value, column) };
    return value === null || value === undefined ? null : scalarText(value, column);
  });
}

function scalarText(value: unknown, column: ValueColumn): string {
  if (column.kind === 'json') return json(value, column);
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return column.kind === 'time' ? isoText(new Date(value), column) : String(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'object':
      return value === null ? refuse(value, column) : objectText(value, column);
    default:
      return refuse(value, column);
  }
}

function objectText(value: object, column: ValueColumn): string {
  if (value instanceof Date) return isoText(value, column);
  if (value instanceof Uint8Array)
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  return column.kind === 'text' ? json(value, column) : refuse(value, column);
}

function isoText(date: Date, column: ValueColumn): string {
  return Number.isNaN(date.getTime()) ? refuse(date, column) : date.toISOString();
}

function json(value: unknown, column: ValueColumn): string {
  let text: string | undefined;
  try {
    text = stringify(value);
  } catch (cause) {
    throw new TypeError(`column "${column.name}" is ${column.type}: ${cause instanceof Error ? cause.message : ''}`, {
      cause,
    });
  }
  return text ?? refuse(value, column);
}

/** The types of the language say that the result is always a text; for a function it is not. */
const stringify: (value: unknown) => string | undefined = JSON.stringify;

function refuse(value: unknown, { name, type }: ValueColumn): never {
  throw new TypeError(`column "${name}" is ${type}, the event has ${describe(value)}`);
}

function describe(value: unknown): string {
  if (value instanceof Date) return 'an invalid date';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
