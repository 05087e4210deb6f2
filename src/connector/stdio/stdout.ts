import { knownOptions } from '../../errors/declared.ts';
import { write } from 'node:fs';
import { ConnectorError } from '../../errors/errors.ts';
import type { Sink } from '../../event/sink.ts';
import type { Scheduler } from '../../time/clock.ts';
import { lineEncoder, type LineFormat } from '../encode-lines.ts';
import { integerOption, nameOption, wordOption } from '../options.ts';
import { systemCode, systemFailure } from '../system-failure.ts';
import { pause } from '../waiting.ts';

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
/** A full pipe that does not block is tried again after this time, ms; doubled up to the second figure. */
const AGAIN_MS = 1;
const AGAIN_MAX_MS = 16;

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
    open: ({ scheduler }) => {
      const encoder = lineEncoder(format, name, { columns: options.columns });
      let isBegun = false;
      return {
        write: async (events, { signal }) => {
          if (events.length === 0) return;
          const bytes = encoder.encode(events, !isBegun);
          isBegun = true;
          await writeAll(bytes, { fd, name, scheduler, signal });
        },
      };
    },
  };
}

interface Destination {
  readonly fd: number;
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly signal: AbortSignal;
}

async function writeAll(bytes: Uint8Array, { fd, name, scheduler, signal }: Destination): Promise<void> {
  let againMs = AGAIN_MS;
  for (let done = 0; done < bytes.length;) {
    if (signal.aborted) throw new ConnectorError(name, 'stopped in the middle of a batch');
    const result = await writeOnce(fd, bytes.subarray(done));
    if (typeof result === 'number') {
      done += result;
      againMs = AGAIN_MS;
    } else if (systemCode(result) === 'EAGAIN') {
      await pause(scheduler, againMs, signal);
      againMs = Math.min(againMs * 2, AGAIN_MAX_MS);
    } else {
      throw brokenPipeOrFailure(name, result);
    }
  }
}

/** A reader that has gone never comes back: not worth another try. */
function brokenPipeOrFailure(name: string, error: Error): ConnectorError {
  const failure = systemFailure(name, 'cannot write to standard output', error);
  return new ConnectorError(name, failure.message.slice(name.length + 2), { retryable: false, cause: error });
}

function writeOnce(fd: number, bytes: Uint8Array): Promise<number | Error> {
  return new Promise((resolve) => {
    write(fd, bytes, 0, bytes.length, null, (error, written) => resolve(error ?? written));
  });
}
