/**
 * Bodies in a durable log, between the answer to the sender and the flow.
 *
 * Record: 1 byte format, 8 bytes position (how many bytes came before it, a double, big-endian), then the body.
 *
 * Invariants (test/integration/connector-http-durable.test.ts)
 * - `append` resolves once the body would survive a power loss: only then is 202 answered.
 * - A body is handed over in one turn, so a checkpoint holds all of it or nothing of it.
 * - It is read again after a restart unless the checkpoint holds it, or a later body was acknowledged.
 */

import { mkdir, statfs } from 'node:fs/promises';
import { systemFileSystem } from '../../host/file-system.ts';
import type { LogEvent } from '../../log/log-event.ts';
import { openLog, type Log } from '../../log/log.ts';
import { FORMATS, type ByteOutput, type Format, type SourceContext } from '../../event/source.ts';
import { onAbort } from '../waiting.ts';

const HEADER_BYTES = 9;
/** Of the whole disk, and at most. */
const RESERVE_SHARE = 64;
const MOST_RESERVE_BYTES = 64 * 1024 * 1024;

const FULL = {
  'disk-full': 'the disk is full',
  'log-full': 'the log is full',
  'too-many-files': 'too many files are open (raise the limit: ulimit -n)',
};

interface Handed {
  readonly start: number;
  readonly sequence: number;
}

export class Journal {
  readonly #log: Log;
  readonly #name: string;
  /** To be called when the log takes no more: those who wait for room. */
  readonly #waiting: Set<() => void>;
  /** Bytes before the next body. */
  #position: number;
  /** In the order of the log, from the first that may be read again. */
  readonly #handed: Handed[] = [];

  /** @param position - where the checkpoint ends that the run goes on from; 0 = none */
  static async open(directory: string, name: string, context: SourceContext, position: number): Promise<Journal> {
    const { scheduler } = context;
    const waiting = new Set<() => void>();
    const options = { reserveBytes: await reserveOn(directory), onEvent: pauses(name, context, waiting) };
    const log = await openLog(directory, options, { fileSystem: systemFileSystem(), scheduler });
    let end = position;
    if (log.stats.last >= log.stats.first) {
      for await (const batch of log.read({ from: log.stats.last, follow: false })) {
        const record = batch.payload(batch.length - 1);
        end = Math.max(end, positionOf(record) + record.length);
      }
    }
    return new Journal(log, name, end, waiting);
  }

  private constructor(log: Log, name: string, position: number, waiting: Set<() => void>) {
    this.#waiting = waiting;
    this.#log = log;
    this.#name = name;
    this.#position = position;
  }

  /** The disk, or the log, is full: nothing more can be promised for now. */
  get isFull(): boolean {
    return this.#log.stats.state !== 'open';
  }

  /**
   * Keeps a body. @returns true once it is durable; false when the log became full meanwhile: it is written once there is
   * room, but nobody should wait for that
   */
  append(format: Format, body: Uint8Array): Promise<boolean> {
    const record = new Uint8Array(HEADER_BYTES + body.length);
    record[0] = FORMATS.indexOf(format);
    viewOf(record).setFloat64(1, this.#position);
    record.set(body, HEADER_BYTES);
    this.#position += record.length;
    return new Promise((resolve, reject) => {
      const refuse = (): void => resolve(false);
      this.#waiting.add(refuse);
      this.#log
        .append([record])
        .then(() => resolve(true), reject)
        .finally(() => this.#waiting.delete(refuse));
    });
  }

  /** Hands bodies to the flow, those of earlier runs first, until the run stops taking in. @param done - see `open` */
  async run(output: ByteOutput, signal: AbortSignal, done: number): Promise<void> {
    const bodies = this.#log.read();
    const stopped = new Promise<undefined>((resolve) => void onAbort(signal, () => resolve(undefined)));
    for (;;) {
      const next = await Promise.race([bodies.next(), stopped]);
      if (next === undefined || next.done === true) return;
      for (let i = 0; i < next.value.length && !signal.aborted; i += 1) {
        const record = next.value.payload(i);
        const start = positionOf(record);
        this.#handed.push({ start, sequence: next.value.first + i });
        const blocked = start < done ? undefined : this.#handOver(record, start, output);
        if (blocked !== undefined) await Promise.race([blocked, stopped]);
      }
    }
  }

  /** Everything before `offset` is done: a body once a later one has begun to be. */
  acknowledged(offset: number): void {
    let sequence: number | undefined;
    while ((this.#handed[1]?.start ?? Infinity) < offset) sequence = this.#handed.shift()?.sequence;
    if (sequence !== undefined) this.#log.acknowledge(sequence);
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  #handOver(record: Uint8Array, start: number, output: ByteOutput): undefined | Promise<void> {
    const channel = output.channel(this.#name, FORMATS[record[0] ?? 0], start);
    const blocked = channel.write(record.subarray(HEADER_BYTES));
    channel.end();
    return blocked;
  }
}

/** What a full log should do to the flow and to those who wait for it. */
function pauses(name: string, context: SourceContext, waiting: Set<() => void>): (event: LogEvent) => void {
  return (event) => {
    if (event.kind === 'resumed') context.notice('info', `${name}: there is room again, events are taken`);
    if (event.kind !== 'paused') return;
    context.notice(
      'warn',
      `${name}: ${FULL[event.reason]}: senders get 503 until there is room. Nothing that was answered is lost`,
    );
    for (const refuse of [...waiting]) refuse();
    waiting.clear();
  };
}

/** A log on a small disk must not take all of it for its reserve, bytes. */
async function reserveOn(directory: string): Promise<number> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { blocks, bsize } = await statfs(directory);
  return Math.min(MOST_RESERVE_BYTES, Math.floor((blocks * bsize) / RESERVE_SHARE));
}

function positionOf(record: Uint8Array): number {
  return viewOf(record).getFloat64(1);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
