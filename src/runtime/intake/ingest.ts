/**
 * The entrance of the engine: batches of a source become slices with an origin; bytes are decoded and
 * events validated on the way.
 *
 * Invariant: accepted = settled origins' events + events still in the flow; an invalid event is never among them.
 */

import type { InvalidRecord } from '../../codec/decoder.ts';
import { bytesOf, type GivenBatch, type SourceBatch } from '../../event/batch.ts';
import type { DeadLetter } from '../../event/dead-letter.ts';
import type { Origin } from '../../event/origin.ts';
import type { ByteOutput, SourceOutput, TakenRun } from '../../event/source.ts';
import { validate } from '../../flow/validation.ts';
import type { SourceSnapshot } from '../../metrics/snapshot.ts';
import type { SourceTotals } from '../flow-reports.ts';
import { Acknowledgement } from './acknowledgement.ts';
import { BatchRun } from './batch-run.ts';
import type { Burst } from './burst.ts';
import { ByteIntake, type DecodeOptions } from './byte-intake.ts';
import { ownKeys, ownRaws, type Accept, type DirectEntrance, type Entrance, type Refused } from './entrance.ts';
import type { Inspection } from './inspection.ts';
import { IntakeHold } from './intake-hold.ts';
import { Passage, type PassageEnvironment } from './passage.ts';
import { Positions } from './positions.ts';
import type { SegmentRunner } from './segment-runner.ts';
import { TOTALS } from '../supervision.ts';

const { accepted: ACCEPTED, bytes: BYTES, safe: SAFE } = TOTALS;

export interface IngestOptions extends DecodeOptions {
  readonly name: string;
  /** Of `TOTALS_LENGTH`, all zero. */
  readonly totals: Float64Array;
}

export interface IngestEnvironment extends PassageEnvironment {
  readonly flow: string;
  readonly deadLetter: (letter: DeadLetter, origin: Origin) => void;
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
  readonly #hold = new IntakeHold();
  readonly #entrance: Entrance;
  readonly #bytes: ByteIntake;
  readonly #positions: Positions;
  readonly #passage: Passage;
  readonly #run: BatchRun;
  // What each batch asks for: found through the objects that they are parts of, each costs it a cache line.
  readonly #burst: Burst;
  readonly #hasSchema: boolean;
  readonly #totals: Float64Array;
  /** Accepted as the checkpoint was copied that is being written. */
  #copied = 0;
  #invalid = 0;

  constructor(options: IngestOptions, target: SegmentRunner, environment: IngestEnvironment) {
    this.name = options.name;
    this.#options = options;
    this.#target = target;
    this.#environment = environment;
    const { source, schema, totals } = options;
    this.#totals = totals;
    this.#burst = environment.meters.burst;
    this.#hasSchema = schema !== undefined;
    const isCheckpointed = environment.takesCheckpoints && (source.replays ?? false) !== false;
    const acknowledgement =
      source.acknowledged === undefined || isCheckpointed
        ? undefined
        : new Acknowledgement((partition, offset) => source.acknowledged?.(partition, offset));
    this.#passage = new Passage(target, totals, acknowledgement, environment);
    this.#positions = new Positions(isCheckpointed);
    this.#run = new BatchRun(this.name, this.#passage, this.#positions, this.#burst);
    this.#entrance = environment.inspection?.entrance(this.name, isCheckpointed, this.#direct) ?? this.#direct;
    this.#bytes = new ByteIntake(options, environment.scheduler, this.#entrance);
  }

  get isFull(): boolean {
    return this.#passage.heldBack.until !== undefined;
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
    return this.#positions.reached();
  }

  /** The run goes on from a checkpoint. */
  resumed(from: ReadonlyMap<string, number>): void {
    this.#positions.resumed(from);
  }

  /** The checkpoint that was copied last is durable. @param offsets - up to which no run will begin again */
  committed(offsets: ReadonlyMap<string, number>): void {
    this.#totals[SAFE] = this.#copied;
    for (const [partition, offset] of offsets) this.#options.source.acknowledged?.(partition, offset);
  }

  /** Since the start of the run. */
  totals(): SourceTotals {
    return { name: this.name, accepted: this.#totals[ACCEPTED] as number, heldMs: this.#passage.heldBack.ms };
  }

  snapshot(): SourceSnapshot {
    return {
      name: this.name,
      accepted: this.#totals[ACCEPTED] as number,
      bytes: this.#totals[BYTES] as number,
      invalid: this.#invalid,
      heldRatio: this.#passage.heldBack.ratio(),
      learnedRatio: this.#bytes.learnedRatio(),
    };
  }

  #endPartition(partition: string): void {
    this.#positions.ended(partition);
    this.#entrance.inTurn(() => {
      this.#passage.acknowledgement?.ended(partition);
      this.#target.endPartition(partition);
    });
  }

  #writeEvents(batch: SourceBatch): undefined | Promise<void> {
    const { events, acceptedAt, endOffset, keys } = batch;
    const position = this.#positions.of(batch.partition ?? this.name);
    const end = endOffset ?? (position.end[0] as number) + events.length;
    position.end[0] = end;
    return this.#entrance.accept(events, keys, bytesOf(batch), position.partition, end, acceptedAt, undefined);
  }

  /** Straight on, or none of them: whoever writes gives the first one to `write` then. */
  #writeRun(batches: readonly GivenBatch[], from: number, to: number): TakenRun {
    const isDirect = !this.#hasSchema && !this.#hold.isHeld && this.#entrance === this.#direct;
    return isDirect ? this.#run.write(batches, from, to) : { end: from, blocked: undefined };
  }

  readonly #accept: Accept = (events, keys, bytes, partition, endOffset, acceptedAt, rawOf, counted) => {
    if (this.#hold.isHeld) {
      const [own, raw] = [ownKeys(keys), ownRaws(events, rawOf)];
      return this.#hold.later(() => this.#accept(events, own, bytes, partition, endOffset, acceptedAt, raw, counted));
    }
    const invalidBefore = this.#invalid;
    const burst = this.#burst;
    const passage = this.#passage;
    const count = events.length;
    passage.count(count, bytes);
    if (acceptedAt === undefined) {
      burst.enter(count, bytes);
      passage.tell(burst.wallMs);
    } else {
      this.#environment.meters.accepted(count, bytes, acceptedAt);
      passage.tell(this.#environment.scheduler.wall());
    }

    const checked = this.#hasSchema
      ? passage.opened(partition, endOffset, count, acceptedAt ?? burst.beganAt)
      : undefined;
    const valid = checked === undefined ? events : this.#validated(events, checked, rawOf);
    const hasOutput = this.#target.run(valid, 0, valid.length, partition, valid === events ? keys : undefined);
    passage.hasOutput = hasOutput;
    this.#positions.passed(partition, endOffset);
    counted?.(valid.length, this.#invalid - invalidBefore);
    const { acknowledgement } = passage;
    const isOver = checked === undefined && !hasOutput && (acknowledgement?.passed(partition, endOffset) ?? true);
    if (acceptedAt === undefined) burst.leave(isOver ? count : 0);
    else if (isOver) this.#environment.meters.confirmed(count, acceptedAt);
    if (isOver) return passage.heldBack.until;

    const origin = checked ?? passage.opened(partition, endOffset, count, acceptedAt ?? burst.beganAt);
    return passage.sendOn(origin, hasOutput, bytes, valid.length);
  };

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
    this.#passage.count(1, 0);
    const acceptedAt = this.#environment.scheduler.now();
    this.#environment.meters.accepted(1, bytes, acceptedAt);
    const origin = this.#passage.opened(what.partition, endOffset, 1, acceptedAt);
    this.#positions.passed(what.partition, endOffset);
    this.#environment.deadLetter({ ...this.#letter(at, reason), ...what }, origin);
    return this.#passage.sendOn(origin, false, bytes, 1);
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
    holdBack: (until) => this.#passage.heldBack.by(until),
  };

  #letter(at: string, reason: string): { flow: string; at: string; reason: string; time: number } {
    return { flow: this.#environment.flow, at, reason, time: this.#environment.scheduler.wall() };
  }
}
