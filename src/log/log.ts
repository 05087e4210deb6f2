/**
 * A durable log in a directory of files: what an ingest buffer, a spill, a changelog and a dead-letter queue share.
 *
 * **Invariants**
 * - Once `append` has resolved, its records are read again after any crash (with `'fsync'`, after a power loss too),
 *   or the log says exactly which are damaged. A test that runs thousands of seeded crashes holds it
 *   (test/simulation/log.test.ts).
 * - Sequences begin at 1 and are consecutive; a sequence that was once read never stands for another record.
 * - Readers see only what no crash can take back.
 * - All of the writer's disk work is done by one loop, one call at a time.
 */

import { ConfigError } from '../errors/errors.ts';
import type { Scheduler } from '../time/clock.ts';
import type { FileSystem } from './file-system.ts';
import { openFiles, type OpenedFiles } from './open.ts';
import { logSettings, type LogOptions, type LogSettings } from './options.ts';
import { readRecords, type ReadOptions } from './reader.ts';
import type { RecordBatch } from './record-batch.ts';
import type { LogStats } from './stats.ts';
import { Writer } from './writer.ts';

/** How often a reader tries to open a file while too many are open. */
const READ_AGAIN_MS = 1000;

/** What a log needs of the machine. */
export interface LogMachine {
  readonly fileSystem: FileSystem;
  readonly scheduler: Scheduler;
}

/** A log that one process writes and any number of readers in it read. */
export interface Log {
  readonly directory: string;
  readonly stats: LogStats;
  /**
   * Appends records in the order of the calls.
   *
   * Cost: per call two promises; per record a copy and a checksum, about 0.15 us for 200 bytes. Calls need not wait for
   * each other: what arrives while a commit is on its way goes into the next one.
   * @param payloads - 1 or more; must not change until this settles. Kept together in order, not as a whole: a crash may
   *   keep the first records of a batch that was never acknowledged
   * @returns the sequence of the last record, once all are durable; waits while the disk or the log is full
   * @throws LogError when the log is closed or its files can no longer be written: the records may be in it or not
   */
  append(payloads: readonly Uint8Array[]): Promise<number>;
  /** Records as batches, in order. Any number of readers, each with a place of its own. */
  read(options?: ReadOptions): AsyncGenerator<RecordBatch>;
  /**
   * All up to `sequence` is done with and will not be read again; segments that hold nothing else are removed. Survives
   * the end of the process after at most a second; what is lost of it is read again.
   * @throws ConfigError for a sequence that was never read
   */
  acknowledge(sequence: number): void;
  /** Finishes what was appended, syncs and releases the lock. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens a log, or creates it. Cost: one small read per segment, and what was written since the last ledger entry
 * (at most about 32 MB); where the newest segment was written over another one, the rest of its file, about 1 ms per MB.
 *
 * @throws LogLockedError when another process writes to it, LogDamagedError when records are lost (see `acceptLoss`),
 *   ConfigError for an option out of its bounds
 */
export async function openLog(directory: string, options: LogOptions, machine: LogMachine): Promise<Log> {
  const settings = logSettings(options);
  const files = await openFiles(machine.fileSystem, directory, settings);
  const log = new SegmentLog(directory, settings, files, machine);
  await log.start();
  return log;
}

class SegmentLog implements Log {
  readonly directory: string;
  readonly #settings: LogSettings;
  readonly #files: OpenedFiles;
  readonly #machine: LogMachine;
  readonly #writer: Writer;

  constructor(directory: string, settings: LogSettings, files: OpenedFiles, machine: LogMachine) {
    this.directory = directory;
    this.#settings = settings;
    this.#files = files;
    this.#machine = machine;
    this.#writer = new Writer(directory, settings, files, machine);
  }

  start(): Promise<void> {
    return this.#writer.start();
  }

  get stats(): LogStats {
    return this.#writer.stats;
  }

  append(payloads: readonly Uint8Array[]): Promise<number> {
    const problem = payloadProblem(payloads, this.#settings.recordBytes);
    if (problem !== undefined) return Promise.reject(problem);
    return this.#writer.append(payloads);
  }

  read({ from = this.stats.acknowledged + 1, follow = true }: ReadOptions = {}): AsyncGenerator<RecordBatch> {
    const { first } = this.stats;
    if (!Number.isSafeInteger(from) || from < first) {
      throw new ConfigError('log.read.from', `a sequence from ${first} on, the oldest that is there`, from);
    }
    const { segments, losses } = this.#files;
    const { fileSystem, scheduler } = this.#machine;
    const { directory } = this;
    const pause = (): Promise<void> => new Promise((resolve) => void scheduler.after(READ_AGAIN_MS, resolve));
    return readRecords({ directory, fileSystem, segments, losses, progress: this.#writer, pause }, from, follow);
  }

  acknowledge(sequence: number): void {
    if (!Number.isSafeInteger(sequence) || sequence < 0 || sequence > this.stats.last) {
      throw new ConfigError('log.acknowledge', `a sequence up to ${this.stats.last}, the last one`, sequence);
    }
    this.#writer.acknowledge(sequence);
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}

function payloadProblem(payloads: readonly Uint8Array[], recordBytes: number): ConfigError | undefined {
  if (payloads.length === 0) return new ConfigError('log.append', 'at least one payload', payloads);
  // By index: a callback or an iterator takes five times as long, 5 ns a record.
  for (let i = 0; i < payloads.length; i += 1) {
    const { length } = payloads[i] as Uint8Array;
    if (length <= recordBytes) continue;
    return new ConfigError('log.append', `payloads of at most ${recordBytes} bytes (recordBytes)`, length);
  }
  return undefined;
}
