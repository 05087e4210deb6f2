/** Test support: a log on a simulated disk. */

import { systemRandom } from '../../host/random.ts';
import { SimulatedDisk, type SimulatedDiskOptions } from './simulated-disk.ts';
import { mountDisk } from './simulated-file-system.ts';
import { VirtualScheduler } from '../virtual-scheduler.ts';
import { openLog, type Log } from '../../log/log.ts';
import type { LogEvent } from '../../log/log-event.ts';
import type { LogOptions } from '../../log/options.ts';

export const DIRECTORY = '/data/log';

export interface LogWorld {
  readonly scheduler: VirtualScheduler;
  readonly disk: SimulatedDisk;
  readonly events: LogEvent[];
  /** Runs virtual time until the promise settles. @throws when it never does */
  readonly run: <T>(promise: Promise<T>) => Promise<T>;
  readonly open: (options?: LogOptions) => Promise<Log>;
}

export function logWorld(options: Partial<SimulatedDiskOptions> & { readonly seed?: number } = {}): LogWorld {
  const scheduler = new VirtualScheduler();
  const disk = new SimulatedDisk({ scheduler, random: systemRandom(options.seed ?? 1), ...options });
  const events: LogEvent[] = [];
  const run = async <T>(promise: Promise<T>): Promise<T> => {
    const progress = { isSettled: false };
    promise.finally(() => (progress.isSettled = true)).catch(() => undefined);
    for (let i = 0; i < MOST_STEPS && !progress.isSettled; i += 1) await scheduler.advance(STEP_MS);
    return progress.isSettled ? promise : Promise.reject(new Error(`not settled after ${MOST_STEPS} steps`));
  };
  return {
    scheduler,
    disk,
    events,
    run,
    open: (logOptions = {}) =>
      run(
        openLog(
          DIRECTORY,
          { segmentBytes: 2048, reserveBytes: 0, onEvent: (event) => events.push(event), ...logOptions },
          { fileSystem: mountDisk(disk), scheduler },
        ),
      ),
  };
}

const STEP_MS = 10;
const MOST_STEPS = 100_000;

export function payload(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function payloads(from: number, to: number): Uint8Array[] {
  return Array.from({ length: to - from + 1 }, (_, i) => payload(`record ${from + i}`));
}

/** What `payloads` holds. */
export function texts(from: number, to: number): string[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => `record ${from + i}`);
}

/** All that can be read now, as texts. */
export async function readAll(log: Log, from?: number): Promise<string[]> {
  const texts: string[] = [];
  for await (const batch of log.read({ follow: false, ...(from === undefined ? {} : { from }) })) {
    for (const bytes of batch) texts.push(new TextDecoder().decode(bytes));
  }
  return texts;
}
