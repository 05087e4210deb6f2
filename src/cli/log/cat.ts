import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { LogDamagedError } from '../../log/errors.ts';
import type { LogCatOptions } from '../command-options.ts';
import { EXIT } from '../exit-code.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { inspection } from './open-inspection.ts';

/** @returns the exit code @throws CommandFailure where a record cannot be read: all before it is printed */
export async function cat(
  directory: string,
  { from, to = Infinity, json = false }: LogCatOptions,
  output: NodeJS.WritableStream,
): Promise<number> {
  const log = await inspection(directory, false);
  const begin = from ?? log.first;
  if (begin < log.first) {
    throw usageFailure(`record ${begin} is no longer there`, `begin with ${log.first} or later: --from ${log.first}`);
  }
  try {
    for await (const batch of log.read(begin)) {
      const lines: Uint8Array[] = [];
      for (let i = 0; i < batch.length && batch.first + i <= to; i += 1) {
        lines.push(json ? asJson(batch.first + i, batch.payload(i)) : batch.payload(i), LINE_END);
      }
      if (!output.write(Buffer.concat(lines))) await once(output, 'drain');
      if (batch.last >= to) break;
    }
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof LogDamagedError)) throw error;
    const next = (error.damages[0]?.last ?? 0) + 1;
    throw new CommandFailure({ kind: 'failed', message: error.message, fix: `print what follows: --from ${next}` });
  }
}

const LINE_END = Buffer.from('\n');

/** Text where the bytes are valid UTF-8, else base64. */
function asJson(sequence: number, payload: Uint8Array): Uint8Array {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(bytes);
  return Buffer.from(JSON.stringify(isText ? { sequence, text } : { sequence, base64: bytes.toString('base64') }));
}
