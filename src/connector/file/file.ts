/** Files: one value that is a source of what is in them and a sink to write to. */

import { ConfigError } from '../../errors/errors.ts';
import type { Sink } from '../../event/sink.ts';
import { FORMATS, type ByteSource, type Format } from '../../event/source.ts';
import type { Duration } from '../../time/duration.ts';
import type { LineFormat } from '../encode-lines.ts';
import { durationOption, headerOption, integerOption, knownOptions, wordOption } from '../options.ts';
import { followFiles } from './follow.ts';
import { formatOfName } from './format.ts';
import { isGlob } from './glob.ts';
import { readFiles } from './read.ts';
import { openFile } from './write.ts';

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

/** A source and a sink in one: the flow uses the side that it needs. */
export interface FileConnector extends ByteSource, Sink<unknown> {}

/** Options with all defaults in place. */
export interface FileSettings {
  readonly name: string;
  readonly paths: readonly string[];
  readonly format: Format | undefined;
  readonly gzip: 'auto' | boolean;
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
const MAX_EVENT_BYTES = { min: 16, max: 256 * 1024 * 1024, default: 1024 * 1024 };
const PERMISSIONS = { min: 0o200, max: 0o777, default: 0o644 };

/**
 * Files as a source or a sink.
 *
 * As a source: one path, a pattern (`*`, `?`, `**`, `{a,b}`) or several of either, read one after the
 * other in sorted order; each file is a partition of its own. Gzip is read as a stream. A damaged or
 * truncated file hands over what could be read, the other files follow, and then the run fails with a
 * ConnectorError that names it. As a sink: one path, one write at a time; a write is confirmed when the
 * operating system has all of it, and a write that failed half-way is taken back first.
 *
 * @throws ConfigError for options that contradict each other or a format that the name does not say
 * @example
 * flow('copy').from(file('in/*.ndjson.gz')).to(file('out.csv', { columns: ['id', 'amount'] }))
 */
export function file(path: string | readonly string[], options: FileOptions = {}): FileConnector {
  const settings = readSettings(path, options);
  const maxEventBytes = integerOption(options.maxEventBytes, 'file().maxEventBytes', MAX_EVENT_BYTES);
  const format = settings.format ?? formatOfName(settings.paths[0] ?? '').format ?? 'ndjson';
  if (options.follow === true && format === 'json') {
    throw new ConfigError('file().follow', "format 'ndjson' or 'csv', since a JSON document has an end", format);
  }
  if (settings.from === 'end' && (options.follow !== true || format !== 'ndjson')) {
    throw new ConfigError('file().from', "'start', unless an NDJSON file is followed", 'end');
  }
  return {
    kind: 'bytes',
    name: settings.name,
    format,
    maxEventBytes,
    header: headerOption(options.header, 'file().header'),
    run: (output, context) =>
      options.follow === true ? followFiles(settings, output, context) : readFiles(settings, output, context),
    limits: { maxConcurrency: 1 },
    open: (context) => openFile(onlyPath(settings), lineFormat(format), settings, context),
  };
}

function readSettings(path: string | readonly string[], options: FileOptions): FileSettings {
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
    name: options.name ?? 'file',
    paths,
    format,
    gzip: typeof gzip === 'boolean' ? gzip : wordOption<'auto'>(gzip, 'file().gzip', ['auto'], 'auto'),
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

function onlyPath({ paths }: FileSettings): string {
  const path = paths[0];
  if (path === undefined || paths.length > 1) {
    throw new ConfigError('file()', 'exactly one path to write to', paths);
  }
  if (isGlob(path)) throw new ConfigError('file()', 'a path without *, ? or {} to write to', path);
  return path;
}

function lineFormat(format: Format): LineFormat {
  if (format === 'json') {
    throw new ConfigError('file().format', "'ndjson' or 'csv' to write, as a JSON document cannot grow", format);
  }
  return format;
}
