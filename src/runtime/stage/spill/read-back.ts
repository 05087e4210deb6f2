/**
 * Reads a spill's log back, in order, as the stage has room: what its checkpoint has ahead, then what comes after what was read.
 *
 * Invariants (spill.test.ts)
 * - A record is handed over once: not those that are skipped, and copies only where the checkpoint has them ahead.
 * - What `position` says is handed over, or skipped; all else is not.
 */

import { Origin } from '../../../event/origin.ts';
import type { SpillPosition } from '../../../state/checkpoint.ts';
import type { Scheduler } from '../../../time/clock.ts';
import type { InFlight } from '../../intake/in-flight.ts';
import type { GiveBack } from '../../intake/inspection.ts';
import type { StageEnvironment } from '../stage.ts';
import { TOTALS } from '../../supervision.ts';
import type { SpillReader } from './spill-reader.ts';
import { isCopy, keptIn, type Kept } from './spill-record.ts';
import type { SpillBatch, SpillLog, SpillStore } from './spill-store.ts';

/** On disk, and not read back yet. */
export interface Backlog {
  events: number;
  bytes: number;
  /** Monotonic ms; of the oldest, while there is any. */
  oldestAcceptedAt: number | undefined;
}

export interface ReadBackOptions extends Pick<StageEnvironment, 'flow' | 'deadLetter'> {
  readonly log: SpillLog;
  readonly store: Pick<SpillStore, 'decode'>;
  readonly from: SpillPosition;
  readonly backlog: Backlog;
  /** See `TOTALS`: of what was given back. */
  readonly totals: Float64Array;
  readonly scheduler: Scheduler;
  readonly inFlight: InFlight;
  /** Aborted: what is on disk is left for a later run. */
  readonly suspended: AbortSignal;
}

export class ReadBack {
  readonly #options: ReadBackOptions;
  readonly #skipped: SpillPosition['skipped'];
  #ahead: readonly (readonly [number, number])[];
  #read: number;
  #isHeld = false;
  #isOver = false;
  #reader: SpillReader | undefined;
  #wake: (() => void) | undefined;
  /** Accepted, as of the checkpoint that was copied last. */
  #copied = 0;
  /** Set while an event is looked for that ended earlier threads. */
  giveBack: GiveBack | undefined;

  constructor(options: ReadBackOptions) {
    this.#options = options;
    const { ahead = [], skipped, read } = options.from;
    this.#ahead = ahead;
    this.#skipped = skipped;
    this.#read = read;
  }

  /** Until `end`. */
  async run(reader: SpillReader): Promise<void> {
    this.#reader = reader;
    const { log } = this.#options;
    for (const [from, to] of this.#ahead) {
      for await (const batch of log.read({ from, follow: false })) {
        if (!(await this.#handOverAhead(batch, to))) return;
        if (batch.first + batch.length > to) break;
      }
    }
    for await (const batch of log.read({ from: this.#read + 1 })) {
      if (!(await this.#handOver(batch))) return;
    }
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

  end(): void {
    this.#isOver = true;
    this.#wake?.();
    this.#wake = undefined;
  }

  position(): Required<Pick<SpillPosition, 'read' | 'skipped' | 'ahead'>> {
    const skipped = this.#skipped.filter(([, to]) => to > this.#read);
    return { read: this.#read, skipped, ahead: this.#ahead };
  }

  /** For a checkpoint. @param ahead - events that it will give again */
  copied(ahead: number): void {
    this.#copied = (this.#options.totals[TOTALS.accepted] ?? 0) - ahead;
  }

  /** The checkpoint that was copied last is durable. */
  safe(): void {
    this.#options.totals[TOTALS.safe] = this.#copied;
  }

  /** @returns false when nothing more is wanted, ever */
  async #handOverAhead(batch: SpillBatch, to: number): Promise<boolean> {
    for (let i = 0; i < batch.length && batch.first + i <= to; i += 1) {
      const sequence = batch.first + i;
      const isWanted = await this.#whenWanted(batch.payload(i), sequence, () => {
        const [, ...others] = this.#ahead;
        this.#ahead = sequence === to ? others : [[sequence + 1, to], ...others];
      });
      if (!isWanted) return false;
    }
    return !this.#isOver;
  }

  /** @returns false when nothing more is wanted, ever */
  async #handOver(batch: SpillBatch): Promise<boolean> {
    for (let i = 0; i < batch.length; i += 1) {
      const sequence = batch.first + i;
      const record = batch.payload(i);
      const isPassedOver = isCopy(record) || this.#skipped.some(([from, to]) => from <= sequence && sequence <= to);
      if (isPassedOver) this.#read = sequence;
      else if (!(await this.#whenWanted(record, sequence, () => (this.#read = sequence)))) return false;
    }
    return !this.#isOver;
  }

  /** Hands a record over as soon as it may. @param passed - told right before @returns false when it never may */
  async #whenWanted(record: Uint8Array, sequence: number, passed: () => void): Promise<boolean> {
    const { backlog, store } = this.#options;
    const kept = keptIn(record, store);
    backlog.oldestAcceptedAt = this.#monotonic(kept.acceptedAt);
    while (!this.#mayHandOver()) {
      if (this.#isOver) return false;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    await this.#inPieces(kept, sequence, record.length, passed);
    return !this.#isOver;
  }

  /** As a whole, but while an event is looked for. */
  async #inPieces(kept: Kept, sequence: number, bytes: number, passed: () => void): Promise<void> {
    const { events } = kept;
    if (this.giveBack === undefined) {
      passed();
      this.#give(kept, bytes);
      return;
    }
    await this.giveBack(events.length, sequence <= this.#options.from.through, (start, end, apart) => {
      if (this.#isOver) return;
      if (end === events.length) passed();
      const share = Math.floor((bytes * (end - start)) / events.length);
      this.#give({ ...kept, events: events.slice(start, end) }, share, apart);
    });
  }

  #mayHandOver(): boolean {
    if (this.#isOver || this.#isHeld || this.#options.suspended.aborted) return false;
    return this.#reader?.isWanting() === true;
  }

  /** @param apart - why its events are not processed */
  #give({ partition, endOffset, events }: Kept, bytes: number, apart?: string): void {
    const { inFlight, backlog, scheduler, totals, flow, deadLetter } = this.#options;
    const acceptedAt = backlog.oldestAcceptedAt ?? scheduler.now();
    backlog.events -= events.length;
    backlog.bytes -= bytes;
    (totals[TOTALS.accepted] as number) += events.length;
    inFlight.opened();
    const origin = new Origin(partition, endOffset, events.length, acceptedAt, (settled) => inFlight.settled(settled));
    if (apart === undefined) {
      this.#reader?.take({ events, start: 0, end: events.length, bytes, origin });
      return;
    }
    for (const event of events) {
      deadLetter(
        { flow, at: 'thread', reason: apart, time: scheduler.wall(), partition, offset: endOffset, event },
        origin,
      );
    }
    origin.release();
    this.#reader?.changed();
  }

  /** Of another process, maybe, whose clock was another one: never in the future. */
  #monotonic(wallMs: number): number {
    const { scheduler } = this.#options;
    return scheduler.now() - Math.max(0, scheduler.wall() - wallMs);
  }
}
