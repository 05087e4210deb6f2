import { systemFileSystem } from '../host/file-system.ts';
import { systemScheduler } from '../host/scheduler.ts';
import { openLog, type Log } from '../log/log.ts';
import type { LogOptions } from '../log/options.ts';

/**
 * Opens a durable log in a directory of this machine, or creates it.
 *
 * @param directory - its own: the log removes files from it
 * @throws LogLockedError when a living process writes to it, LogDamagedError when records are lost, ConfigError for an
 *   option out of its bounds
 * @example
 * const log = await durableLog('data/inbox');
 * await log.append([Buffer.from('one'), Buffer.from('two')]); // durable now
 * for await (const batch of log.read({ follow: false })) {
 *   for (const payload of batch) console.log(Buffer.from(payload).toString());
 *   log.acknowledge(batch.last);
 * }
 * await log.close();
 */
export function durableLog(directory: string, options: LogOptions = {}): Promise<Log> {
  return openLog(directory, options, { fileSystem: systemFileSystem(), scheduler: systemScheduler() });
}
