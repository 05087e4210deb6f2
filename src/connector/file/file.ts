/** Files: one value that is a source of what is in them and a sink to write to. */

import { ConfigError } from '../../errors/errors.ts';
import type { Sink } from '../../event/sink.ts';
import type { ByteSource, Format } from '../../event/source.ts';
import type { LineFormat } from '../encode-lines.ts';
import { headerOption, integerOption } from '../options.ts';
import { formatOfName } from './format.ts';
import { isGlob } from './glob.ts';
import { readSettings, type FileOptions, type FileSettings } from './settings.ts';

/** A source and a sink in one: the flow uses the side that it needs. */
export interface FileConnector extends ByteSource, Sink<unknown> {}

const MAX_EVENT_BYTES = { min: 16, max: 256 * 1024 * 1024, default: 1024 * 1024 };

/**
 * Files as a source or a sink.
 *
 * As a source: one path, a pattern (`*`, `?`, `**`, `{a,b}`) or several of either, read one after the
 * other in sorted order; each file is a partition of its own. Gzip is read as a stream. A damaged or
 * truncated file hands over what could be read, the other files follow, and then the run fails with a
 * ConnectorError that names it. As a sink: one path, one write at a time; a write is confirmed when the
 * operating system has all of it, and a write that failed half-way is taken back first.
 *
 * In a flow with a `data` directory it goes on where it was, on both sides: it reads on at the byte after the last event
 * that was done, and what was written after the last checkpoint is cut off and written again, so that each output is there
 * once. Not so a JSON document, which is read anew, and files that rotate.
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
    replays: format !== 'json',
    maxEventBytes,
    header: headerOption(options.header, 'file().header'),
    // Neither reading nor writing is among what every flow loads.
    run: async (output, context) => {
      const read =
        options.follow === true ? (await import('./follow.ts')).followFiles : (await import('./read.ts')).readFiles;
      await read(settings, output, context);
    },
    limits: { maxConcurrency: 1 },
    deadline: false,
    ...(settings.rotate === undefined && { repeats: 'goes back' }),
    open: async (context) => {
      const [path, lines] = [onlyPath(settings), lineFormat(format)];
      const { openFile } = await import('./write.ts');
      return openFile(path, lines, settings, context);
    },
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
