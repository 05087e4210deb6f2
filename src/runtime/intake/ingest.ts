/**
 * The entrance of the engine: batches of a source become slices with an origin; bytes are decoded and
 * events validated on the way.
 *
 * Invariants (ingest.test.ts)
 * - accepted = settled origins' events + events still in the flow; an invalid event is never among them.
 * - Latency counts from `acceptedAt`, weighted by events. A batch of which nothing is left when the segment has run
 *   gets no origin: nobody could hold it.
 * - After a promise was returned, `isFull` is true until it resolves.
 */

import type { InvalidRecord } from '../../codec/decoder.ts';
import { batchOf, type GivenBatch, type SourceBatch } from '../../event/batch.ts';
import type { DeadLetter } from '../../event/dead-letter.ts';
import { Origin } from '../../event/origin.ts';
import type { ByteOutput, SourceOutput, TakenRun } from '../../event/source.ts';
import { validate } from '../../flow/validation.ts';
import type { SourceSnapshot } from '../../metrics/snapshot.ts';
import type { SourceTotals } from '../flow-reports.ts';
import type { Scheduler } from '../../time/clock.ts';
import { Acknowledgement } from './acknowledgement.ts';
import type { Burst } from './burst.ts';
import { ByteIntake, type DecodeOptions } from './byte-intake.ts';
import { HeldBack } from './held-back.ts';
import { ownKeys, ownRaws, type Accept, type DirectEntrance, type Entrance, type Refused } from './entrance.ts';
import type { Inspection } from './inspection.ts';
import { IntakeHold } from './intake-hold.ts';
import type { InFlight } from './in-flight.ts';
import type { FlowMeters } from '../flow-meters.ts';
import type { SegmentRunner } from './segment-runner.ts';
import { TOTALS } from '../supervision.ts';
import { both } from '../stage/target.ts';

const { accepted: ACCEPTED, bytes: BYTES, safe: SAFE } = TOTALS;

/** What an in-memory event counts for on the edges when its source gives no size. */
const ASSUMED_EVENT_BYTES = 128;

export interface IngestOptions extends DecodeOptions {
  readonly name: string;
  /** Of `TOTALS_LENGTH`, all zero. */
  readonly totals: Float64Array;
}

export interface IngestEnvironment {
  readonly flow: string;
  readonly scheduler: Scheduler;
  readonly deadLetter: (letter: DeadLetter, origin: Origin) => void;
  readonly deadLetterRoom: () => undefined | Promise<void>;
  /** Told of every accepted batch once as it comes in, and once when nothing of it is left on its way. */
  readonly meters: FlowMeters;
  readonly inFlight: InFlight;
  /** The run takes checkpoints: a source that replays is acknowledged with them. */
  readonly takesCheckpoints: boolean;
  /** While an event is looked for that ended earlier threads. */
  readonly inspection?: Inspection | undefined;
}

export class Ingest {
  readonly name: string;
  readonly #options: IngestOptions;
  readonly #environment: IngestEnvironment;
  readonly #target: SegmentRunner;
  readonly #acknowledgement: Acknowledgement | undefined;
  readonly #hold = new IntakeHold();
  /** How far each partition has come, for a source that replays in a run with checkpoints; ended ones too. */
  readonly #reached: Map<string, number> | undefined;
  readonly #entrance: Entrance;
  readonly #bytes: ByteIntake;
  readonly #positions = new Map<string, Position>();
  #position: Position | undefined;
  readonly #heldBack: HeldBack;
  // What each batch asks for: found through the objects that they are parts of, each costs it a cache line.
  readonly #burst: Burst;
  readonly #hasSchema: boolean;
  /**
   * Not fields: one that outgrows 31 bits changes its object's shape, and the compiled code of the whole path in goes
   * with it (measured: 3.6 to 5.6 ns per event).
   */
  readonly #totals: Float64Array;
  /** Accepted as the checkpoint was copied that is being written. */
  #copied = 0;
  /** The wall-clock time that the segment was told last. */
  #toldMs: number = Number.NaN;
  #invalid = 0;
  /** Something came out of the batch before: where that is usual, there is nothing to gain from taking several at once. */
  #hasOutput = false;

  constructor(options: IngestOptions, target: SegmentRunner, environment: IngestEnvironment) {
    this.name = options.name;
    this.#options = options;
    this.#target = target;
    this.#environment = environment;
    const { scheduler } = environment;
    this.#heldBack = new HeldBack(scheduler);
    this.#totals = options.totals;
    this.#burst = environment.meters.burst;
    const { source, schema } = options;
    this.#hasSchema = schema !== undefined;
    const isCheckpointed = environment.takesCheckpoints && (source.replays ?? false) !== false;
    this.#entrance = environment.inspection?.entrance(this.name, isCheckpointed, this.#direct) ?? this.#direct;
    this.#bytes = new ByteIntake(options, scheduler, this.#entrance);
    if (isCheckpointed) this.#reached = new Map();
    if (source.acknowledged !== undefined && !isCheckpointed) {
      this.#acknowledgement = new Acknowledgement((partition, offset) => source.acknowledged?.(partition, offset));
    }
  }

  readonly #settled = (origin: Origin, at: number | undefined): void => {
    this.#environment.meters.settled(origin, at);
    this.#acknowledgement?.settled(origin);
    this.#environment.inFlight.settled(origin);
  };

  get isFull(): boolean {
    return this.#heldBack.until !== undefined;
  }

  eventOutput(): SourceOutput<unknown> {
    const isFull = (): boolean => this.isFull;
    return {
      write: (batch) => this.#writeEvents(batch),
      writeRun: (batches, from, to) => this.#writeRun(batches, from, to),
      get isFull() {
        return isFull();
      },
      endPartition: (partition) => this.#endPartition(partition),
    };
  }

  byteOutput(): ByteOutput {
    const isFull = (): boolean => this.isFull;
    return {
      channel: (...of) => this.#bytes.channel(...of),
      get isFull() {
        return isFull();
      },
      endPartition: (partition) => this.#endPartition(partition),
    };
  }

  /** The source has ended. */
  close(): void {
    this.#entrance.close();
  }

  /** Keeps what comes from now on from beginning, until `release`. */
  hold(): void {
    this.#hold.hold();
  }

  release(): void {
    this.#hold.release();
  }

  /** For a checkpoint. Partition -> offset after its last event; undefined for a source that does not replay. */
  reached(): ReadonlyMap<string, number> | undefined {
    this.#copied = this.#totals[ACCEPTED] as number;
    return this.#reached === undefined ? undefined : new Map(this.#reached);
  }

  /** The run goes on from a checkpoint. */
  resumed(from: ReadonlyMap<string, number>): void {
    for (const [partition, offset] of from) {
      this.#reached?.set(partition, offset);
      this.#positionOf(partition).end[0] = offset;
    }
  }

  /** The checkpoint that was copied last is durable. @param offsets - up to which no run will begin again */
  committed(offsets: ReadonlyMap<string, number>): void {
    this.#totals[SAFE] = this.#copied;
    for (const [partition, offset] of offsets) this.#options.source.acknowledged?.(partition, offset);
  }

  /** Since the start of the run. */
  totals(): SourceTotals {
    return { name: this.name, accepted: this.#totals[ACCEPTED] as number, heldMs: this.#heldBack.ms };
  }

  snapshot(): SourceSnapshot {
    return {
      name: this.name,
      accepted: this.#totals[ACCEPTED] as number,
      bytes: this.#totals[BYTES] as number,
      invalid: this.#invalid,
      heldRatio: this.#heldBack.ratio(),
      learnedRatio: this.#bytes.learnedRatio(),
    };
  }

  #endPartition(partition: string): void {
    this.#positions.delete(partition);
    this.#position = undefined;
    this.#entrance.inTurn(() => {
      this.#acknowledgement?.ended(partition);
      this.#target.endPartition(partition);
    });
  }

  #writeEvents(batch: SourceBatch): undefined | Promise<void> {
    const { events, acceptedAt, endOffset, keys } = batch;
    const position = this.#positionOf(batch.partition ?? this.name);
    const end = endOffset ?? (position.end[0] as number) + events.length;
    position.end[0] = end;
    return this.#entrance.accept(events, keys, bytesOf(batch), position.partition, end, acceptedAt, undefined);
  }

  #writeRun(batches: readonly GivenBatch[], from: number, to: number): TakenRun {
    // Not by `write` from here: what that compiles to is better by itself (bench:engine, iv in arrays: 4.8, not 7 ns).
    const first = batchOf(batches[from] as GivenBatch);
    if (!this.#isClear || !this.#passes(first, first.partition)) return { end: from, blocked: undefined };
    const end = this.#pass(first, batches, from, to);
    const blocked = this.#heldBack.until;
    return { end, blocked };
  }

  /** Nothing stands before the segment, and nothing that came earlier is still on its way. */
  get #isClear(): boolean {
    if (this.#hasOutput || this.#hasSchema || this.#hold.isHeld || this.#entrance !== this.#direct) return false;
    return !this.isFull && this.#acknowledgement?.isEmpty !== false;
  }

  /** Whether it may go along with others of its partition that come in now. */
  #passes({ events, acceptedAt, partition }: SourceBatch, ofPartition: string | undefined): boolean {
    return events.length > 0 && acceptedAt === undefined && partition === ofPartition;
  }

  /**
   * Batches of one partition and one burst, up to the first that something comes out of. What holds for all of them is
   * noted once: that is most of what a batch costs of which nothing is left (bench:engine, ii).
   *
   * @param first - `batches[from]`
   * @returns index after the last one
   */
  #pass(first: SourceBatch, batches: readonly GivenBatch[], from: number, to: number): number {
    const { partition, end } = this.#positionOf(first.partition ?? this.name);
    const burst = this.#burst;
    const most = Math.min(to, from + burst.open());
    this.#tell(burst.wallMs);
    let batch = first;
    let index = from;
    let offset = end[0] as number;
    let [before, count, bytes, all, allBytes] = [offset, 0, 0, 0, 0];
    let hasOutput: boolean;
    do {
      before = offset;
      count = batch.events.length;
      bytes = bytesOf(batch);
      this.#count(count, bytes);
      hasOutput = this.#target.run(batch.events, 0, count, partition, batch.keys);
      offset = batch.endOffset ?? offset + count;
      all += count;
      allBytes += bytes;
      index += 1;
      if (hasOutput || index === most) break;
      batch = batchOf(batches[index] as GivenBatch);
    } while (this.#passes(batch, first.partition));
    this.#hasOutput = hasOutput;
    end[0] = offset;
    this.#reached?.set(partition, offset);
    burst.enter(all, allBytes);
    burst.leave(hasOutput ? all - count : all, index - from);
    if (!hasOutput) this.#acknowledgement?.passed(partition, offset);
    else {
      if (all > count) this.#acknowledgement?.passed(partition, before);
      void this.#sendOn(this.#opened(partition, offset, count, burst.beganAt), hasOutput, bytes, count);
    }
    return index;
  }

  #positionOf(partition: string): Position {
    if (this.#position?.partition === partition) return this.#position;
    const known = this.#positions.get(partition);
    const position = known ?? { partition, end: new Float64Array(1) };
    if (known === undefined) this.#positions.set(partition, position);
    this.#position = position;
    return position;
  }

  readonly #accept: Accept = (events, keys, bytes, partition, endOffset, acceptedAt, rawOf, counted) => {
    if (this.#hold.isHeld) {
      const [own, raw] = [ownKeys(keys), ownRaws(events, rawOf)];
      return this.#hold.later(() => this.#accept(events, own, bytes, partition, endOffset, acceptedAt, raw, counted));
    }
    const invalidBefore = this.#invalid;
    const burst = this.#burst;
    const count = events.length;
    this.#count(count, bytes);
    if (acceptedAt === undefined) {
      burst.enter(count, bytes);
      this.#tell(burst.wallMs);
    } else {
      this.#environment.meters.accepted(count, bytes, acceptedAt);
      this.#tell(this.#environment.scheduler.wall());
    }

    const checked = this.#hasSchema
      ? this.#opened(partition, endOffset, count, acceptedAt ?? burst.beganAt)
      : undefined;
    const valid = checked === undefined ? events : this.#validated(events, checked, rawOf);
    const hasOutput = this.#target.run(valid, 0, valid.length, partition, valid === events ? keys : undefined);
    this.#hasOutput = hasOutput;
    this.#reached?.set(partition, endOffset);
    counted?.(valid.length, this.#invalid - invalidBefore);
    const isOver = checked === undefined && !hasOutput && (this.#acknowledgement?.passed(partition, endOffset) ?? true);
    if (acceptedAt === undefined) burst.leave(isOver ? count : 0);
    else if (isOver) this.#environment.meters.confirmed(count, acceptedAt);
    if (isOver) return this.#heldBack.until;

    const origin = checked ?? this.#opened(partition, endOffset, count, acceptedAt ?? burst.beganAt);
    return this.#sendOn(origin, hasOutput, bytes, valid.length);
  };

  #count(events: number, bytes: number): void {
    (this.#totals[ACCEPTED] as number) += events;
    (this.#totals[BYTES] as number) += bytes;
  }

  /** What is left of a batch goes on its way. @param inputs - events that it came of */
  #sendOn(origin: Origin, hasOutput: boolean, bytes: number, inputs: number): undefined | Promise<void> {
    const blocked = hasOutput ? this.#target.forward(origin, bytes, inputs) : undefined;
    origin.release();
    return this.#heldBack.by(both(blocked, this.#environment.deadLetterRoom()));
  }

  #tell(wallMs: number): void {
    if (wallMs === this.#toldMs) return;
    this.#toldMs = wallMs;
    this.#target.tick(wallMs);
  }

  #opened(partition: string, endOffset: number, events: number, acceptedAt: number): Origin {
    const origin = new Origin(partition, endOffset, events, acceptedAt, this.#settled);
    this.#acknowledgement?.opened(origin);
    this.#environment.inFlight.opened();
    return origin;
  }

  /** The events that the schema lets through, as it returns them; the others become dead letters. */
  #validated(events: unknown[], origin: Origin, rawOf: ((index: number) => Uint8Array) | undefined): unknown[] {
    const { schema } = this.#options;
    if (schema === undefined) return events;
    const valid: unknown[] = [];
    for (let i = 0; i < events.length; i += 1) {
      const result = validate(schema, events[i]);
      if ('value' in result) {
        valid.push(result.value);
      } else {
        this.#invalid += 1;
        const { partition, endOffset: offset } = origin;
        const what = rawOf === undefined ? { event: events[i] } : { raw: rawOf(i) };
        this.#environment.deadLetter({ ...this.#letter('schema', result.reason), partition, offset, ...what }, origin);
      }
    }
    return valid;
  }

  readonly #refuse = (partition: string, record: InvalidRecord): undefined | Promise<void> => {
    if (this.#hold.isHeld) {
      const raw = record.raw.slice();
      return this.#hold.later(() => this.#refuse(partition, { ...record, raw }));
    }
    const { reason, raw, rawBytes: bytes, offset } = record;
    this.#invalid += 1;
    const length = bytes > raw.length ? { rawBytes: bytes } : {};
    return this.#setApart({
      at: 'decode',
      reason,
      bytes,
      partition,
      offset,
      endOffset: offset + bytes,
      raw,
      ...length,
    });
  };

  /** An event that is not processed: it counts as accepted, and is confirmed once its letter is safe. */
  readonly #setApart = ({ at, reason, bytes, endOffset, ...what }: Refused): undefined | Promise<void> => {
    (this.#totals[ACCEPTED] as number) += 1;
    const acceptedAt = this.#environment.scheduler.now();
    this.#environment.meters.accepted(1, bytes, acceptedAt);
    const origin = this.#opened(what.partition, endOffset, 1, acceptedAt);
    this.#reached?.set(what.partition, endOffset);
    this.#environment.deadLetter({ ...this.#letter(at, reason), ...what }, origin);
    origin.release();
    return this.#heldBack.by(this.#environment.deadLetterRoom());
  };

  readonly #direct: DirectEntrance = {
    accept: this.#accept,
    refuse: this.#refuse,
    setApart: this.#setApart,
    inTurn: (task) => {
      if (!this.#hold.isHeld) task();
      else {
        void this.#hold.later(() => {
          task();
          return undefined;
        });
      }
    },
    close: () => this.#direct.inTurn(() => this.#target.close()),
    holdBack: (until) => this.#heldBack.by(until),
  };

  #letter(at: string, reason: string): { flow: string; at: string; reason: string; time: number } {
    return { flow: this.#environment.flow, at, reason, time: this.#environment.scheduler.wall() };
  }
}

function bytesOf({ bytes, events }: SourceBatch): number {
  return bytes > 0 ? bytes : events.length * ASSUMED_EVENT_BYTES;
}

/** How far a partition has come, in its source's unit. In an array for the reason given for the totals. */
interface Position {
  readonly partition: string;
  readonly end: Float64Array;
}
