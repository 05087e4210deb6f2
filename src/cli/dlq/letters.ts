/** The letters of a directory: a dead-letter log, or the data directory of a flow that has one. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { letterFrom } from '../../connector/dead-letters/letter-json.ts';
import type { DeadLetter } from '../../event/dead-letter.ts';
import { systemFileSystem } from '../../host/file-system.ts';
import { systemScheduler } from '../../host/scheduler.ts';
import { LogLockedError } from '../../log/errors.ts';
import { inspectLog } from '../../log/inspect.ts';
import { openLog } from '../../log/log.ts';
import { usageFailure } from '../failure.ts';

export interface NumberedLetter {
  readonly number: number;
  readonly letter: DeadLetter;
}

/**
 * Those that have not been played back, oldest first. Takes no lock: the flow may run.
 *
 * @throws CommandFailure when there is no such log
 */
export async function* lettersIn(path: string): AsyncGenerator<NumberedLetter> {
  const inspection = await inspectLog(systemFileSystem(), directoryOf(path), false);
  if (inspection === undefined) throw noLetters(path);
  const decoder = new TextDecoder();
  for await (const batch of inspection.read(inspection.acknowledged + 1)) {
    for (let i = 0; i < batch.length; i += 1) {
      yield { number: batch.first + i, letter: letterFrom(decoder.decode(batch.payload(i))) };
    }
  }
}

/** All letters up to `number` have been played back. @throws CommandFailure while a flow writes there */
export async function doneWith(path: string, number: number): Promise<void> {
  const machine = { fileSystem: systemFileSystem(), scheduler: systemScheduler({ keepAlive: true }) };
  try {
    const log = await openLog(directoryOf(path), { reserveBytes: 0 }, machine);
    log.acknowledge(number);
    await log.close();
  } catch (cause) {
    if (!(cause instanceof LogLockedError)) throw cause;
    throw usageFailure(
      `a flow that runs writes to ${path}: the letters are kept`,
      'end it first, or say --keep: they would come again at the next replay',
    );
  }
}

function directoryOf(path: string): string {
  const inner = join(path, 'dead-letters');
  const directory = existsSync(inner) ? inner : path;
  if (!existsSync(directory)) throw noLetters(path);
  return directory;
}

function noLetters(path: string): Error {
  return usageFailure(`no dead letters in ${path}`, 'name the data directory of a flow, or its dead-letter directory');
}
