import { knownOptions } from '../../errors/declared.ts';
import type { Sink } from '../../event/sink.ts';
import type { LineFormat } from '../encode-lines.ts';
import { integerOption, nameOption, wordOption } from '../options.ts';

export interface StdoutOptions {
  readonly name?: string;
  /** Default `ndjson`. */
  readonly format?: LineFormat;
  /** CSV: the fields, in order. Default: those of the first event. */
  readonly columns?: readonly string[];
  /** Write to this descriptor instead of 1. */
  readonly fd?: number;
}

const FD = { min: 0, max: 2 ** 31 - 1, default: 1 };

/**
 * Standard output, one event per line, by its descriptor, so that it works in a worker thread.
 * When the reader goes away (`| head`), writing fails with a ConnectorError for which `isBrokenPipe`
 * is true: a program ends quietly on it.
 *
 * @throws ConfigError for an unknown format
 */
export function stdout(options: StdoutOptions = {}): Sink<unknown> {
  knownOptions(options, 'stdout()', ['name', 'format', 'columns', 'fd']);
  const format = wordOption(options.format, 'stdout().format', ['ndjson', 'csv', 'tsv'], 'ndjson');
  const fd = integerOption(options.fd, 'stdout().fd', FD);
  const name = nameOption(options.name, 'stdout().name', 'stdout');
  return {
    name,
    limits: { maxConcurrency: 1 },
    deadline: false,
    // Not among what every flow loads.
    open: async ({ scheduler }) => {
      const { descriptorWriter } = await import('./write-descriptor.ts');
      return descriptorWriter({ fd, name, scheduler, format, columns: options.columns });
    },
  };
}
