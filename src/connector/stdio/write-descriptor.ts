/** Events as lines to a descriptor: standard output, or what is in its place. */

import { write } from 'node:fs';
import { ConnectorError } from '../../errors/errors.ts';
import type { SinkWriter } from '../../event/sink.ts';
import type { Scheduler } from '../../time/clock.ts';
import { lineEncoder, type LineFormat } from '../encode-lines.ts';
import { systemCode, systemFailure } from '../system-failure.ts';
import { pause } from '../waiting.ts';

/** A full pipe that does not block is tried again after this time, ms; doubled up to the second figure. */
const AGAIN_MS = 1;
const AGAIN_MAX_MS = 16;

interface Destination {
  readonly fd: number;
  readonly name: string;
  readonly scheduler: Scheduler;
}

/** @throws ConfigError for wrong columns */
export function descriptorWriter({
  format,
  columns,
  ...destination
}: Destination & {
  readonly format: LineFormat;
  readonly columns: readonly string[] | undefined;
}): SinkWriter<unknown> {
  const encoder = lineEncoder(format, destination.name, { columns });
  let isBegun = false;
  return {
    write: async (events, { signal }) => {
      if (events.length === 0) return;
      const bytes = encoder.encode(events, !isBegun);
      isBegun = true;
      await writeAll(bytes, destination, signal);
    },
  };
}

async function writeAll(bytes: Uint8Array, { fd, name, scheduler }: Destination, signal: AbortSignal): Promise<void> {
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
