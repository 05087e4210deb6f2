/**
 * What a slow stage cannot take yet, on disk: `whenSlow: 'spill'`.
 *
 * Once the edge in front of the stage is full, all that waits goes to a durable log and is read back in order as the
 * stage has room (read-back.ts). An event counts as done for its source once it is durable there, so that the rest of the
 * flow does not wait. A checkpoint says how far the log was filled and how far it was read; what the stage holds because its
 * target is away is copied there too (shelter.ts).
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
import type { EdgeCapacity } from '../../../buffer/edge.ts';
import type { SpillSnapshot } from '../../../metrics/snapshot.ts';
import type { SpillPosition } from '../../../state/checkpoint.ts';
import type { Scheduler, Timer } from '../../../time/clock.ts';
import type { InFlight } from '../../intake/in-flight.ts';
import type { Inspection } from '../../intake/inspection.ts';
import { ReadBack, type Backlog } from './read-back.ts';
import { Shelter } from './shelter.ts';
import type { SpillReader } from './spill-reader.ts';
import { checkStorable, recordsOf } from './spill-record.ts';
import type { SpillLog, SpillStore } from './spill-store.ts';
import type { StageEnvironment } from '../stage.ts';

export interface SpillEnvironment extends Pick<StageEnvironment, 'flow' | 'notice' | 'fatal' | 'deadLetter'> {
  readonly scheduler: Scheduler;
  readonly inFlight: InFlight;
  /** Numbers of what is given back, among those of sources (`TOTALS`). */
  readonly totalsOf: (index: number) => Float64Array;
  /** Aborted when the run takes in no more: what is on disk is left for a later run. */
  readonly suspended: AbortSignal;
}

export interface SpillOptions {
  readonly stage: string;
  /** Of its numbers. */
  readonly index: number;
  readonly log: SpillLog;
  readonly store: Pick<SpillStore, 'encode' | 'decode'>;
  readonly maxBytes: number;
  /** Where it stands: as in the checkpoint from which the run goes on, with what came after it skipped or added. */
  readonly from: SpillPosition;
}

/** How often writers that wait look whether there is room again. */
const ROOM_CHECK_MS = 100;

export class Spill {
  readonly stage: string;
  readonly #options: SpillOptions;
  readonly #environment: SpillEnvironment;
  readonly #backlog: Backlog;
  readonly #readBack: ReadBack;
  readonly #shelter: Shelter;
  #reader: SpillReader | undefined;
  /** On their way to the disk. */
  readonly #pending = new Set<Slice>();
  #pendingEvents = 0;
  #pendingBytes = 0;
  #total = 0;
  #isOver = false;
  #hasSaid = false;
  #roomTimer: Timer | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: SpillOptions, environment: SpillEnvironment) {
    this.stage = options.stage;
    this.#options = options;
    this.#environment = environment;
    const { from, log, store, index } = options;
    this.#backlog = { events: from.events, bytes: from.bytes, oldestAcceptedAt: undefined };
    this.#readBack = new ReadBack({
      ...environment,
      log,
      store,
      from,
      backlog: this.#backlog,
      totals: environment.totalsOf(index),
    });
    this.#shelter = new Shelter(log, (slice) => this.#records(slice, 'copy'));
  }

  /** An earlier thread has died, maybe of what is read back. Before `attach`. */
  inspectedBy(inspection: Inspection): void {
    const { stage, index, from } = this.#options;
    const { suspended } = this.#environment;
    this.#readBack.giveBack = inspection.readBack({
      stage,
      index,
      base: from.ahead?.[0]?.[0] ?? from.read + 1,
      events: from.events,
      isEmpty: () => !this.isActive || suspended.aborted,
      suspended,
    });
  }

  /** Begins to read back. */
  attach(reader: SpillReader): void {
    this.#reader = reader;
    this.#environment.suspended.addEventListener('abort', () => reader.changed(), { once: true });
    this.#reading = this.#readBack.run(reader).catch((cause: unknown) => {
      if (!this.#isOver) this.#environment.fatal(cause);
    });
  }

  /** Events that the stage has not got yet. */
  get events(): number {
    return this.#backlog.events;
  }

  get bytes(): number {
    return this.#backlog.bytes;
  }

  /** While anything is on disk, or on its way there, all that comes goes behind it. */
  get isActive(): boolean {
    return this.#backlog.events > 0;
  }

  /** Events are on disk, or read back and not done. */
  get isHolding(): boolean {
    return this.isActive || this.held().length > 0;
  }

  /** Nothing that this run would still hand over. */
  get isDone(): boolean {
    return this.#pending.size === 0 && (!this.isActive || this.#environment.suspended.aborted);
  }

  /** Monotonic ms at which the oldest event on disk was accepted. */
  get oldestAcceptedAt(): number | undefined {
    return this.isActive ? this.#backlog.oldestAcceptedAt : undefined;
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
    if (!this.isActive) this.#backlog.oldestAcceptedAt = slice.origin.acceptedAt;
    this.#backlog.events += events;
    this.#backlog.bytes += bytes;
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
    this.#readBack.hold();
  }

  release(): void {
    this.#readBack.release();
  }

  /** The stage may have room again. */
  wanted(): void {
    this.#readBack.wanted();
  }

  /** What the stage has got and neither confirmed nor handed on. */
  held(): readonly Slice[] {
    return this.#reader?.held() ?? [];
  }

  /** Resolves once what the stage holds is in the log. Rejects where it cannot be stored. */
  async shelter(): Promise<void> {
    await this.#shelter.write(this.held(), this.#readBack.position().read);
  }

  /** Whether all that the stage holds now is in the log. */
  get isSheltered(): boolean {
    const held = this.held();
    return held.length === 0 || this.#shelter.copiesOf(held) !== undefined;
  }

  /** While it is held, and nothing is on its way but what is sheltered. */
  position(): SpillPosition {
    const { read, skipped, ahead } = this.#readBack.position();
    const copies = this.#shelter.copiesOf(this.held());
    this.#readBack.copied(copies?.events ?? 0);
    return {
      through: this.#options.log.stats.last,
      read,
      skipped,
      ahead: copies === undefined ? ahead : [copies.range, ...ahead],
      events: this.#backlog.events + (copies?.events ?? 0),
      bytes: this.#backlog.bytes + (copies?.bytes ?? 0),
    };
  }

  /** No run will go back before this position. */
  committed({ read, ahead = [] }: SpillPosition): void {
    this.#options.log.acknowledge(Math.min(read, ...ahead.map(([from]) => from - 1)));
  }

  /** The position that was taken last is durable. */
  taken(): void {
    this.#readBack.safe();
  }

  snapshot(): SpillSnapshot {
    const { scheduler } = this.#environment;
    const oldest = this.oldestAcceptedAt;
    return {
      events: this.#backlog.events,
      bytes: this.#backlog.bytes,
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
    this.#readBack.end();
  }

  #say(): void {
    if (this.#hasSaid) return;
    this.#hasSaid = true;
    const most = `${Math.round(this.#options.maxBytes / 1_000_000)} MB`;
    this.#environment.notice('info', `${this.stage} is slow: what it cannot take yet goes to disk, ${most} at most`);
  }

  /** @returns undefined where it cannot: then the run ends */
  #encoded(slice: Slice): Uint8Array[] | undefined {
    try {
      return this.#records(slice, 'first');
    } catch (cause) {
      slice.origin.reject(cause);
      const isKnown = cause instanceof StateError;
      this.#environment.fatal(isKnown ? cause : new StateError(`${this.stage}: ${messageOf(cause)}`, cause));
      return undefined;
    }
  }

  #records(slice: Slice, kind: 'first' | 'copy'): Uint8Array[] {
    const { scheduler } = this.#environment;
    const acceptedAt = scheduler.wall() - (scheduler.now() - slice.origin.acceptedAt);
    return recordsOf(slice, acceptedAt, this.stage, this.#options.store, kind);
  }
}
