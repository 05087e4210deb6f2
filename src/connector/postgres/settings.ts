/** What the PostgreSQL sink can be told, and what it works with once defaults are in place. */

import type { ConnectionOptions } from 'node:tls';
import { knownOptions } from '../../errors/declared.ts';
import { ConfigError } from '../../errors/errors.ts';
import type { Duration } from '../../time/duration.ts';
import { durationOption, integerOption, nameOption, wordOption } from '../options.ts';
import { serverOption, type Server } from './server.ts';

export interface PostgresOptions<in E = unknown> {
  readonly name?: string;
  /**
   * `postgres://user:password@host:port/database`; never shown. Default: the environment variable DATABASE_URL. What is
   * left out comes from PGUSER, PGPASSWORD and so on.
   */
  readonly url?: string;
  /** A table that exists, spelt as in the catalogue: `orders`, or `sales.orders` (`['sales', 'orders']`) with its schema. */
  readonly table: string | readonly [schema: string, table: string];
  /**
   * What to write: names of columns, each holding the event's field of the same name, or for each column the name of a
   * field or a function of the event. Default: all columns of the table but generated ones.
   */
  readonly columns?: readonly string[] | Readonly<Record<string, string | ((event: E) => unknown)>>;
  /**
   * Columns of a unique index. An event whose key is in the table already updates that row, so that an event that is
   * written twice, as happens after a lost connection, leaves one row.
   */
  readonly key?: string | readonly string[];
  /** What becomes of a row that is there already. Default `update` with a key; `ignore` works without one too. */
  readonly onConflict?: 'update' | 'ignore';
  /**
   * Commits what it writes together with the flow's checkpoints, which are then kept in the same database, in the table
   * `daoflow_checkpoint`: each output is there exactly once, whatever happens, and can be seen once the next checkpoint is
   * taken (`checkpointEvery` of the flow, 1 s by default). All sources of the flow must replay. One run of a flow at a time:
   * a newer one deposes an older one. Default false.
   */
  readonly exactlyOnce?: boolean;
  /** `insert` (default), or `copy`: COPY FROM STDIN, with a key through a temporary table. */
  readonly mode?: 'insert' | 'copy';
  /** Encrypts the connection and verifies the server; or options of `tls.connect`, such as `ca`. Default: `sslmode` of the url. */
  readonly tls?: boolean | ConnectionOptions;
  /** Most connections, and calls at a time. Opened when needed. Default 16. */
  readonly maxConnections?: number;
  /** Most events per call. Default 10,000. */
  readonly maxBatch?: number;
  /** After it the server gives a statement up; it is repeated. 0: no limit. Default 30 s. */
  readonly statementTimeout?: Duration;
  /** Default 10 s. */
  readonly connectTimeout?: Duration;
  /** Uses prepared statements. Default true; false behind a pooler that does not support them. */
  readonly prepare?: boolean;
}

/** A column to write, and what it holds. */
export interface Binding {
  readonly column: string;
  readonly read: (event: unknown) => unknown;
}

export interface PostgresSettings {
  readonly name: string;
  readonly server: Server;
  readonly table: TableName;
  /** Undefined for all columns of the table. */
  readonly bindings: readonly Binding[] | undefined;
  readonly key: readonly string[];
  readonly onConflict: 'update' | 'ignore' | undefined;
  readonly exactlyOnce: boolean;
  readonly mode: 'insert' | 'copy';
  readonly maxConnections: number;
  readonly maxBatch: number;
  readonly statementTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly prepare: boolean;
}

export interface TableName {
  /** Undefined: the search path finds it. */
  readonly schema: string | undefined;
  readonly table: string;
}

const OPTIONS = [
  'name',
  'url',
  'table',
  'columns',
  'key',
  'onConflict',
  'exactlyOnce',
  'mode',
  'tls',
  'maxConnections',
  'maxBatch',
  'statementTimeout',
  'connectTimeout',
  'prepare',
];
/** A server allows 100 connections unless told otherwise, and serves few cores with them. */
const CONNECTIONS = { min: 1, max: 1000, default: 16 };
/** Beyond some thousand a call gains nothing (docs/postgres.md), and is long to repeat. */
const BATCH = { min: 1, max: 1_000_000, default: 10_000 };

/** @throws ConfigError */
export function readSettings<E>(options: PostgresOptions<E>): PostgresSettings {
  knownOptions(options, 'postgres()', OPTIONS);
  const key = keyOption(options.key);
  const onConflict = conflictOption(options.onConflict, key);
  const { exactlyOnce = false } = options;
  if (exactlyOnce && options.mode === 'copy' && onConflict !== undefined) {
    throw new ConfigError('postgres().mode', "'insert', for rows that may be there already and exactlyOnce", 'copy');
  }
  return {
    name: nameOption(options.name, 'postgres().name', 'postgres'),
    server: serverOption(options.url, options.tls),
    table: tableOption(options.table),
    bindings: bindingsOption(options.columns),
    key,
    onConflict,
    exactlyOnce,
    mode: wordOption(options.mode, 'postgres().mode', ['insert', 'copy'], 'insert'),
    maxConnections: integerOption(options.maxConnections, 'postgres().maxConnections', CONNECTIONS),
    maxBatch: integerOption(options.maxBatch, 'postgres().maxBatch', BATCH),
    statementTimeoutMs: durationOption(options.statementTimeout, 'postgres().statementTimeout', 30_000),
    connectTimeoutMs: durationOption(options.connectTimeout, 'postgres().connectTimeout', 10_000, 1),
    prepare: options.prepare ?? true,
  };
}

function tableOption(table: unknown): TableName {
  const path = 'postgres().table';
  const parts: readonly unknown[] = Array.isArray(table) ? table : typeof table === 'string' ? table.split('.') : [];
  const names = parts.map((part) => identifier(part, path));
  const [first = '', second] = names;
  if (names.length === 1) return { schema: undefined, table: first };
  if (names.length === 2 && second !== undefined) return { schema: first, table: second };
  throw new ConfigError(path, "'table', 'schema.table' or ['schema', 'table']", table);
}

/** PostgreSQL cuts longer names silently. */
const MAX_NAME_BYTES = 63;

function identifier(name: unknown, path: string): string {
  if (typeof name !== 'string' || name === '') throw new ConfigError(path, 'a name', name);
  if (name.includes('\0')) throw new ConfigError(path, 'a name without NUL characters', name);
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  throw new ConfigError(path, `a name of at most ${MAX_NAME_BYTES} bytes`, name);
}

function keyOption(key: string | readonly string[] | undefined): readonly string[] {
  if (key === undefined) return [];
  const names = (Array.isArray(key) ? (key as readonly unknown[]) : [key]).map((name) =>
    identifier(name, 'postgres().key'),
  );
  if (names.length > 0 && new Set(names).size === names.length) return names;
  throw new ConfigError('postgres().key', 'one or more columns, each named once', key);
}

function conflictOption(word: unknown, key: readonly string[]): 'update' | 'ignore' | undefined {
  const hasKey = key.length > 0;
  if (word === undefined) return hasKey ? 'update' : undefined;
  const conflict = wordOption(word, 'postgres().onConflict', ['update', 'ignore'], 'update');
  if (hasKey || conflict === 'ignore') return conflict;
  throw new ConfigError('postgres().key', "columns of a unique index, for onConflict: 'update'", undefined);
}

function bindingsOption<E>(columns: PostgresOptions<E>['columns']): readonly Binding[] | undefined {
  if (columns === undefined) return undefined;
  const path = 'postgres().columns';
  const entries: readonly (readonly [string, unknown])[] = isList(columns)
    ? columns.map((column) => [column, column] as const)
    : Object.entries(columns);
  const names = entries.map(([column]) => identifier(column, path));
  if (names.length === 0 || new Set(names).size < names.length) {
    throw new ConfigError(path, 'one or more columns, each named once', columns);
  }
  return entries.map(([column, what]) => ({ column, read: readerOption(what, `${path}.${column}`) }));
}

function isList(columns: object): columns is readonly string[] {
  return Array.isArray(columns);
}

function readerOption(what: unknown, path: string): Binding['read'] {
  if (typeof what === 'function') return what as Binding['read'];
  if (typeof what === 'string') return fieldOf(what);
  throw new ConfigError(path, 'the name of a field, or a function of the event', what);
}

/** Reads an own field of an event that is an object; anything else has none. */
export function fieldOf(name: string): Binding['read'] {
  return (event) =>
    Object.hasOwn(Object(event) as object, name) ? (event as Record<string, unknown>)[name] : undefined;
}
