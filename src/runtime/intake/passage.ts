/**
 * What is done for every batch around its run through the segment: counted before, and after it sent on with an origin, or
 * confirmed at once where nothing of it is left. Whether it comes alone (ingest.ts) or with others (batch-run.ts).
 *
 * Invariants
 * - Latency counts from `acceptedAt`, weighted by events. A batch of which nothing is left when the segment has run
 *   gets no origin: nobody could hold it.
 * - After a promise was returned, `isFull` is true until it resolves.
 */

import { Origin } from '../../event/origin.ts';
import type { Scheduler } from '../../time/clock.ts';
import type { FlowMeters } from '../flow-meters.ts';
import { both } from '../stage/target.ts';
import { TOTALS } from '../supervision.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import { HeldBack } from './held-back.ts';
import type { InFlight } from './in-flight.ts';
import type { SegmentRunner } from './segment-runner.ts';

const { accepted: ACCEPTED, bytes: BYTES } = TOTALS;

export interface PassageEnvironment {
  readonly scheduler: Scheduler;
  readonly deadLetterRoom: () => undefined | Promise<void>;
  /** Told of every accepted batch once as it comes in, and once when nothing of it is left on its way. */
  readonly meters: FlowMeters;
  readonly inFlight: InFlight;
}

export class Passage {
  readonly heldBack: HeldBack;
  readonly acknowledgement: Acknowledgement | undefined;
  readonly #deadLetterRoom: () => undefined | Promise<void>;
  readonly #meters: FlowMeters;
  readonly #inFlight: InFlight;
  readonly target: SegmentRunner;
  /**
   * Not fields: one that outgrows 31 bits changes its object's shape, and the compiled code of the whole path in goes
   * with it (measured: 3.6 to 5.6 ns per event).
   */
  readonly #totals: Float64Array;
  /** The wall-clock time that the segment was told last. */
  #toldMs: number = Number.NaN;
  /** Something came out of the batch before: written by whoever runs one. */
  hasOutput = false;

  /**
   * @param totals - of `TOTALS_LENGTH`
   * @param acknowledgement - undefined: the source is not told how far it is safe, or only with checkpoints
   */
  constructor(
    target: SegmentRunner,
    totals: Float64Array,
    acknowledgement: Acknowledgement | undefined,
    environment: PassageEnvironment,
  ) {
    this.target = target;
    this.#totals = totals;
    this.#deadLetterRoom = environment.deadLetterRoom;
    this.#meters = environment.meters;
    this.#inFlight = environment.inFlight;
    this.heldBack = new HeldBack(environment.scheduler);
    this.acknowledgement = acknowledgement;
  }

  /** Nothing that came earlier is on its way, and where that is usual: only there is much to gain from taking several at once. */
  get isClear(): boolean {
    return !this.hasOutput && this.heldBack.until === undefined && this.acknowledgement?.isEmpty !== false;
  }

  count(events: number, bytes: number): void {
    (this.#totals[ACCEPTED] as number) += events;
    (this.#totals[BYTES] as number) += bytes;
  }

  tell(wallMs: number): void {
    if (wallMs === this.#toldMs) return;
    this.#toldMs = wallMs;
    this.target.tick(wallMs);
  }

  opened(partition: string, endOffset: number, events: number, acceptedAt: number): Origin {
    const origin = new Origin(partition, endOffset, events, acceptedAt, this.#settled);
    this.acknowledgement?.opened(origin);
    this.#inFlight.opened();
    return origin;
  }

  /** What is left of a batch goes on its way. @param inputs - events that it came of */
  sendOn(origin: Origin, hasOutput: boolean, bytes: number, inputs: number): undefined | Promise<void> {
    const blocked = hasOutput ? this.target.forward(origin, bytes, inputs) : undefined;
    origin.release();
    return this.heldBack.by(both(blocked, this.#deadLetterRoom()));
  }

  readonly #settled = (origin: Origin, at: number | undefined): void => {
    this.#meters.settled(origin, at);
    this.acknowledgement?.settled(origin);
    this.#inFlight.settled(origin);
  };
}
