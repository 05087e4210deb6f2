/**
 * What a slow stage cannot take yet, on disk: `whenSlow: 'spill'`.
 *
 * Once the edge in front of the stage is full, all that waits goes to a durable log and is read back in order as the
 * stage has room. An event counts as done for its source once it is durable there, so that the rest of the flow does not
 * wait. A checkpoint says how far the log was filled and how far it was read.
 *
 * Invariants (spill.test.ts)
 * - Order is kept: while anything is on disk, what comes goes behind it.
 * - After a crash the log is read from the checkpoint's place. Records after the checkpoint are skipped where the sources
 *   give their events again, and read where they do not: an event is never in neither.
 * - Bounded: at `maxBytes` on disk, or an edge's worth of events on their way there, writers wait. What is done is
 *   given up with the checkpoint after the next, so the bound holds that much too.
 */

import { StateError } from '../../../state/stored.ts';
import { messageOf } from '../../../errors/errors.ts';
import type { Slice } from '../../../event/batch.ts';
import { Origin } from '../../../event/origin.ts';
import type { EdgeCapacity } from '../../../buffer/edge.ts';
import type { SpillSnapshot } from '../../../metrics/snapshot.ts';
import type { SpillPosition } from '../../../state/checkpoint.ts';
import type { Scheduler, Timer } from '../../../time/clock.ts';
import type { InFlight } from '../../intake/in-flight.ts';
import { checkStorable, keptIn, recordsOf, type Kept } from './spill-record.ts';
import type { SpillBatch, SpillLog, SpillStore } from './spill-store.ts';
import type { StageEnvironment } from '../stage.ts';

export interface SpillEnvironment extends Pick<StageEnvironment, 'notice' | 'fatal'> {
  readonly scheduler: Scheduler;
  readonly inFlight: InFlight;
  /** Aborted when the run takes in no more: what is on disk is left for a later run. */
  readonly suspended: AbortSignal;
}

export interface SpillOptions {
  readonly stage: string;
  readonly log: SpillLog;
  readonly store: Pick<SpillStore, 'encode' | 'decode'>;
  readonly maxBytes: number;
  /** Where it stands: as in the checkpoint from which the run goes on, with what came after it skipped or added. */
  readonly from: SpillPosition;
}

/** The stage behind it. */
export interface SpillReader {
  /** Whether it has room for more. */
  readonly isWanting: () => boolean;
  /** The slice's reference to its origin passes on. */
  readonly take: (slice: Slice) => void;
  /** There may be nothing left to wait for. */
  readonly changed: () => void;
}

/** How often writers that wait look whether there is room again. */
const ROOM_CHECK_MS = 100;

export class Spill {
  readonly stage: string;
  readonly #options: SpillOptions;
  readonly #environment: SpillEnvironment;
  #reader: SpillReader | undefined;
  #skipped: readonly (readonly [number, number])[];
  /** Sequence of the last record that was read back, or skipped. */
  #read: number;
  /** Not read back yet. */
  #events: number;
  #bytes: number;
  /** On their way to the disk. */
  readonly #pending = new Set<Slice>();
  #pendingEvents = 0;
  #pendingBytes = 0;
  #oldestAcceptedAt: number | undefined;
  #total = 0;
  #isHeld = false;
  #isOver = false;
  #hasSaid = false;
  #wake: (() => void) | undefined;
  #roomTimer: Timer | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: SpillOptions, environment: SpillEnvironment) {
    this.stage = options.stage;
    this.#options = options;
    this.#environment = environment;
    const { read, skipped, events, bytes } = options.from;
    this.#read = read;
    this.#skipped = skipped;
    this.#events = events;
    this.#bytes = bytes;
  }

  /** Begins to read back. */
  attach(reader: SpillReader): void {
    this.#reader = reader;
    this.#environment.suspended.addEventListener('abort', () => reader.changed(), { once: true });
    this.#reading = this.#readBack().catch((cause: unknown) => {
      if (!this.#isOver) this.#environment.fatal(cause);
    });
  }

  /** Events that the stage has not got yet. */
  get events(): number {
    return this.#events;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** While anything is on disk, or on its way there, all that comes goes behind it. */
  get isActive(): boolean {
    return this.#events > 0;
  }

  /** Nothing that this run would still hand over. */
  get isDone(): boolean {
    return this.#pending.size === 0 && (!this.isActive || this.#environment.suspended.aborted);
  }

  /** Monotonic ms at which the oldest event on disk was accepted. */
  get oldestAcceptedAt(): number | undefined {
    return this.isActive ? this.#oldestAcceptedAt : undefined;
  }

  isFull({ edgeEvents, edgeBytes }: EdgeCapacity): boolean {
    const { log, maxBytes } = this.#options;
    const { bytes, state } = log.stats;
    if (state === 'paused' || bytes + this.#pendingBytes >= maxBytes) return true;
    return this.#pendingEvents >= edgeEvents || this.#pendingBytes >= edgeBytes;
  }

  /** Refuses, before it matters, events that would not come back as they were. */
  check(event: unknown): void {
    try {
      checkStorable(event, this.stage);
    } catch (cause) {
      this.#environment.fatal(cause);
    }
  }

  /** The slice's reference to its origin passes to the spill. */
  add(slice: Slice): void {
    const payloads = this.#encoded(slice);
    if (payloads === undefined) return;
    const events = slice.end - slice.start;
    const bytes = payloads.reduce((sum, { length }) => sum + length, 0);
    if (!this.isActive) this.#oldestAcceptedAt = slice.origin.acceptedAt;
    this.#events += events;
    this.#bytes += bytes;
    this.#total += events;
    this.#pending.add(slice);
    this.#pendingEvents += events;
    this.#pendingBytes += bytes;
    this.#say();
    this.#options.log.append(payloads).then(
      () => {
        if (!this.#pending.delete(slice)) return;
        this.#pendingEvents -= events;
        this.#pendingBytes -= bytes;
        slice.origin.release();
        this.#reader?.changed();
      },
      (cause: unknown) => {
        if (this.#pending.has(slice)) this.#environment.fatal(cause);
      },
    );
  }

  /** Resolves once `isFull` may have changed. */
  roomChecked(then: () => void): void {
    this.#roomTimer?.cancel();
    this.#roomTimer = this.#environment.scheduler.after(ROOM_CHECK_MS, then);
  }

  /** Hands over nothing, until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.wanted();
  }

  /** The stage may have room again. */
  wanted(): void {
    if (this.#wake === undefined || !this.#mayHandOver()) return;
    this.#wake();
    this.#wake = undefined;
  }

  /** While it is held and nothing is on its way. */
  position(): SpillPosition {
    const skipped = this.#skipped.filter(([, to]) => to > this.#read);
    return {
      through: this.#options.log.stats.last,
      read: this.#read,
      skipped,
      events: this.#events,
      bytes: this.#bytes,
    };
  }

  /** No run will go back before this position. */
  committed({ read }: SpillPosition): void {
    this.#options.log.acknowledge(read);
  }

  snapshot(): SpillSnapshot {
    const { scheduler } = this.#environment;
    const oldest = this.oldestAcceptedAt;
    return {
      events: this.#events,
      bytes: this.#bytes,
      oldestMs: oldest === undefined ? 0 : scheduler.now() - oldest,
      total: this.#total,
      diskBytes: this.#options.log.stats.bytes,
    };
  }

  /** Rejects what is not durable yet. */
  stop(cause: unknown): void {
    this.#end();
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const { origin } of pending) origin.reject(cause);
  }

  async close(): Promise<void> {
    this.#end();
    await this.#options.log.close();
    await this.#reading;
  }

  #end(): void {
    this.#isOver = true;
    this.#roomTimer?.cancel();
    this.#wake?.();
    this.#wake = undefined;
  }

  #say(): void {
    if (this.#hasSaid) return;
    this.#hasSaid = true;
    const most = `${Math.round(this.#options.maxBytes / 1_000_000)} MB`;
    this.#environment.notice('info', `${this.stage} is slow: what it cannot take yet goes to disk, ${most} at most`);
  }

  /** @returns undefined where it cannot: then the run ends */
  #encoded(slice: Slice): Uint8Array[] | undefined {
    const { scheduler, fatal } = this.#environment;
    const acceptedAt = scheduler.wall() - (scheduler.now() - slice.origin.acceptedAt);
    try {
      return recordsOf(slice, acceptedAt, this.stage, this.#options.store);
    } catch (cause) {
      slice.origin.reject(cause);
      fatal(cause instanceof StateError ? cause : new StateError(`${this.stage}: ${messageOf(cause)}`, cause));
      return undefined;
    }
  }

  async #readBack(): Promise<void> {
    for await (const batch of this.#options.log.read({ from: this.#read + 1 })) {
      if (!(await this.#handOver(batch))) return;
    }
  }

  /** @returns false when nothing more is wanted, ever */
  async #handOver(batch: SpillBatch): Promise<boolean> {
    for (let i = 0; i < batch.length; i += 1) {
      const sequence = batch.first + i;
      if (!this.#skipped.some(([from, to]) => from <= sequence && sequence <= to)) {
        const record = batch.payload(i);
        const kept = keptIn(record, this.#options.store);
        this.#oldestAcceptedAt = this.#monotonic(kept.acceptedAt);
        while (!this.#mayHandOver()) {
          if (this.#isOver) return false;
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
        this.#read = sequence;
        this.#give(kept, record.length);
      } else {
        this.#read = sequence;
      }
    }
    return !this.#isOver;
  }

  #mayHandOver(): boolean {
    if (this.#isOver || this.#isHeld || this.#environment.suspended.aborted) return false;
    return this.#reader?.isWanting() === true;
  }

  #give({ partition, endOffset, events }: Kept, bytes: number): void {
    const { inFlight } = this.#environment;
    const acceptedAt = this.#oldestAcceptedAt ?? this.#environment.scheduler.now();
    this.#events -= events.length;
    this.#bytes -= bytes;
    inFlight.opened();
    const origin = new Origin(partition, endOffset, events.length, acceptedAt, (settled) => inFlight.settled(settled));
    this.#reader?.take({ events, start: 0, end: events.length, bytes, origin });
  }

  /** Of another process, maybe, whose clock was another one: never in the future. */
  #monotonic(wallMs: number): number {
    const { scheduler } = this.#environment;
    return scheduler.now() - Math.max(0, scheduler.wall() - wallMs);
  }
}
