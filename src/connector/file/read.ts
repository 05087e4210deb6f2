/**
 * Reads files from beginning to end.
 *
 * **Invariants** (test/integration/connector-file.test.ts)
 * - Nothing is read before every file was found readable.
 * - What could be read of a damaged file is handed over; the files after it are read too.
 * - An abort ends after the record that is open then.
 */

import { open, type FileHandle } from 'node:fs/promises';
import { ConnectorError } from '../../errors/errors.ts';
import type { ByteOutput, SourceContext } from '../../event/source.ts';
import { RecordEnd } from '../record-end.ts';
import { systemFailure } from '../system-failure.ts';
import type { FileSettings } from './settings.ts';
import { gunzipInto, isGzip } from './gunzip.ts';
import { inputFiles, type Input } from './inputs.ts';
import { ReadAhead } from './read-ahead.ts';
import { resumed, type Resumed } from './resume.ts';

/** A source over all files of the settings. @throws ConnectorError after the last file when one was damaged */
export async function readFiles(settings: FileSettings, output: ByteOutput, context: SourceContext): Promise<void> {
  const damaged: ConnectorError[] = [];
  for (const input of await inputFiles(settings, context)) {
    if (context.signal.aborted) break;
    const failure = await readOne(input, settings, output, context);
    if (failure !== undefined) damaged.push(failure);
  }
  const [first, ...others] = damaged;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  for (const { message } of damaged) context.notice('warn', message);
  throw new ConnectorError(settings.name, `${damaged.length} files could not be read to the end`, { cause: first });
}

/** @returns why the file could not be read to its end */
export async function readOne(
  { path, format }: Input,
  settings: FileSettings,
  output: ByteOutput,
  context: SourceContext,
): Promise<ConnectorError | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path);
  } catch (error) {
    return systemFailure(settings.name, `cannot read ${path}`, error);
  }
  let begin: Resumed;
  try {
    begin = await resumed({ path, format }, handle, context.resume.get(path) ?? 0, settings, output);
  } catch (error) {
    await handle.close();
    return error instanceof ConnectorError ? error : systemFailure(settings.name, `cannot read ${path}`, error);
  }
  const chunks = new ReadAhead(handle, undefined, begin.from);
  const record = new RecordEnd(begin.channel, format);
  let failure: ConnectorError | undefined;
  try {
    failure = await readInto(record, chunks, { path, settings, context, isPlain: begin.from > 0 });
  } catch (error) {
    failure = systemFailure(settings.name, `cannot read ${path} to the end`, error);
  } finally {
    await chunks.stop();
    await handle.close();
  }
  const cut = context.signal.aborted ? 'the run was stopped in the middle of this record' : undefined;
  record.end(failure?.message ?? cut);
  output.endPartition(path);
  return failure;
}

async function readInto(
  record: RecordEnd,
  chunks: ReadAhead,
  {
    path,
    settings,
    context,
    isPlain,
  }: { path: string; settings: FileSettings; context: SourceContext; isPlain: boolean },
): Promise<ConnectorError | undefined> {
  const first = await chunks.next();
  if (first === undefined) return undefined;
  const isCompressed = !isPlain && (settings.gzip === 'auto' ? isGzip(first) : settings.gzip);
  if (isCompressed) {
    const why = await gunzipInto(record, first, chunks, context);
    return why === undefined ? undefined : new ConnectorError(settings.name, `${path}: ${why}`);
  }
  for (let chunk: Uint8Array | undefined = first; chunk !== undefined; chunk = await chunks.next()) {
    if (context.signal.aborted) {
      if (record.finish(chunk)) return undefined;
    } else {
      const blocked = record.write(chunk);
      if (blocked !== undefined) await blocked;
    }
  }
  return undefined;
}
