/** What a file connector can be told, and what it works with once defaults are in place. */

import { knownOptions } from '../../errors/declared.ts';
import { ConfigError } from '../../errors/errors.ts';
import { FORMATS, type Format } from '../../event/source.ts';
import type { Duration } from '../../time/duration.ts';
import { durationOption, integerOption, nameOption, wordOption } from '../options.ts';
import { formatOfName } from './format.ts';
import { isGlob } from './glob.ts';

export interface FileOptions {
  readonly name?: string;
  /** Default: by extension (.ndjson, .jsonl, .log, .json, .csv, .tsv; also with .gz). */
  readonly format?: Format;
  /** Reading: `auto` looks at the first bytes. Writing: `auto` goes by the extension. Default `auto`. */
  readonly gzip?: 'auto' | boolean;

  /** Reading CSV and TSV: names of the columns, for files that do not begin with them. */
  readonly header?: readonly string[];
  /** Reading: longer events are dead-lettered. Default 1 MiB. */
  readonly maxEventBytes?: number;
  /** Reading: goes on when the end is reached, also over rotation and truncation. Default false. */
  readonly follow?: boolean;
  /** Reading with `follow`: where to begin in files that are there already. Default `start`. */
  readonly from?: 'start' | 'end';
  /** Reading with `follow`: how often a file at its end is looked at. Default 50 ms. */
  readonly poll?: Duration;

  /** Writing: default `append`. */
  readonly mode?: 'append' | 'overwrite' | 'fail-if-exists';
  /** Writing: confirms only what the device has, not just the operating system. Default false. */
  readonly fsync?: boolean;
  /** Writing: permissions of a new file, reduced by the umask. Default 0o644. */
  readonly permissions?: number;
  /** Writing CSV: the fields, in order. Default: those of the first event. */
  readonly columns?: readonly string[];
  /** Writing: begins a new file; the full one becomes `name-000001.ext`, and so on. Default: never. */
  readonly rotate?: RotateOptions;
}

export interface RotateOptions {
  /** When the next batch would make the file longer than this, in bytes; at least 1024. */
  readonly bytes?: number;
  /** When the file is older than this at the next batch. */
  readonly every?: Duration;
  /** How many full files to keep; older ones are deleted. Default: all. */
  readonly keep?: number;
}

/** Options with all defaults in place. */
export interface FileSettings {
  readonly name: string;
  readonly paths: readonly string[];
  readonly format: Format | undefined;
  readonly gzip: 'auto' | boolean;
  /** Columns were declared: the file's own first line is data. */
  readonly hasHeader: boolean;
  readonly from: 'start' | 'end';
  readonly pollMs: number;
  readonly mode: 'append' | 'overwrite' | 'fail-if-exists';
  readonly fsync: boolean;
  readonly permissions: number;
  readonly columns: readonly string[] | undefined;
  readonly rotate: RotateSettings | undefined;
}

export interface RotateSettings {
  readonly bytes: number;
  readonly everyMs: number;
  readonly keep: number;
}

const OPTIONS = [
  'name',
  'format',
  'gzip',
  'header',
  'maxEventBytes',
  'follow',
  'from',
  'poll',
  'mode',
  'fsync',
  'permissions',
  'columns',
  'rotate',
];
const DEFAULT_POLL_MS = 50;
const PERMISSIONS = { min: 0o200, max: 0o777, default: 0o644 };

/** @throws ConfigError */
export function readSettings(path: string | readonly string[], options: FileOptions): FileSettings {
  const paths = typeof path === 'string' ? [path] : path;
  if (!isPathList(paths)) throw new ConfigError('file()', 'a path, a pattern, or an array of them', path);
  knownOptions(options, 'file()', OPTIONS);
  const format = options.format && wordOption(options.format, 'file().format', FORMATS, 'ndjson');
  const unknown = paths.find((each) => format === undefined && !isGlob(each) && !formatOfName(each).format);
  if (unknown !== undefined) {
    throw new ConfigError('file().format', "'ndjson', 'csv', 'tsv' or 'json', as the name does not say it", unknown);
  }
  const { gzip } = options;
  return {
    name: nameOption(options.name, 'file().name', 'file'),
    paths,
    format,
    gzip: typeof gzip === 'boolean' ? gzip : wordOption<'auto'>(gzip, 'file().gzip', ['auto'], 'auto'),
    hasHeader: Array.isArray(options.header),
    from: wordOption(options.from, 'file().from', ['start', 'end'], 'start'),
    pollMs: durationOption(options.poll, 'file().poll', DEFAULT_POLL_MS, 1),
    mode: wordOption(options.mode, 'file().mode', ['append', 'overwrite', 'fail-if-exists'], 'append'),
    fsync: options.fsync ?? false,
    permissions: integerOption(options.permissions, 'file().permissions', PERMISSIONS),
    columns: options.columns,
    rotate: options.rotate && readRotate(options.rotate),
  };
}

function isPathList(paths: unknown): paths is readonly string[] {
  if (!Array.isArray(paths) || paths.length === 0) return false;
  return paths.every((each) => typeof each === 'string' && each !== '');
}

function readRotate(options: RotateOptions): RotateSettings {
  knownOptions(options, 'file().rotate', ['bytes', 'every', 'keep']);
  if (options.bytes === undefined && options.every === undefined) {
    throw new ConfigError('file().rotate', '`bytes`, `every` or both', options);
  }
  const bound = { max: Number.MAX_SAFE_INTEGER, default: Infinity };
  return {
    bytes: integerOption(options.bytes, 'file().rotate.bytes', { ...bound, min: 1024 }),
    everyMs: durationOption(options.every, 'file().rotate.every', Infinity, 1),
    keep: integerOption(options.keep, 'file().rotate.keep', { ...bound, min: 1 }),
  };
}
