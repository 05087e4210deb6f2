import { systemFileSystem } from '../../host/file-system.ts';
import { systemCode } from '../../log/file-system.ts';
import { inspectLog, type LogInspection } from '../../log/inspect.ts';
import { CommandFailure, usageFailure } from '../failure.ts';

/** @throws CommandFailure, with what to do, when there is no log to look at */
export async function inspection(directory: string, isThorough: boolean): Promise<LogInspection> {
  const found = await inspectLog(systemFileSystem(), directory, isThorough).catch((error: unknown) => {
    throw explain(error, directory);
  });
  if (found !== undefined) return found;
  throw usageFailure(
    `${directory} holds no log`,
    'name the directory that durableLog was given: it has files like 0000000000000001-0000000003.segment',
  );
}

function explain(error: unknown, directory: string): unknown {
  switch (systemCode(error)) {
    case 'ENOENT':
      return usageFailure(`there is no directory ${directory}`, 'name the directory of a log');
    case 'ENOTDIR':
      return usageFailure(`${directory} is a file`, 'name the directory of a log, not a file in it');
    case 'EACCES':
      return usageFailure(
        `${directory} may not be read`,
        'run this as the user who owns the log: its files are private',
      );
    case 'EIO':
      return new CommandFailure({
        kind: 'failed',
        message: `${directory} cannot be read: the disk reports an error`,
        fix: 'copy what can be read to another disk, then verify the copy',
      });
    default:
      return error;
  }
}
