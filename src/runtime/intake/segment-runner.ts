/**
 * Drives one fused segment: slices in, the leaves' outputs on to the targets that follow.
 *
 * Invariants
 * - The origin is retained once per output slice and per dead letter before the slice's own reference goes.
 * - At most one timer is pending, for the earliest processing time that has something to do.
 */

import type { KeyColumn, Slice } from '../../event/batch.ts';
import { Origin } from '../../event/origin.ts';
import type { OperatorCounters } from '../../fusion/ledger.ts';
import type { Failure, Segment } from '../../fusion/segment.ts';
import type { LivePatterns } from '../../pattern/match/live-patterns.ts';
import type { Clock, Timer } from '../../time/clock.ts';
import type { InFlight } from './in-flight.ts';
import { deadLetterEvent, type StageEnvironment } from '../stage/stage.ts';
import { OperatorError } from '../../errors/errors.ts';
import { both, type Target } from '../stage/target.ts';

export interface SegmentEnvironment extends Pick<StageEnvironment, 'flow' | 'scheduler' | 'deadLetter' | 'fatal'> {
  readonly inFlight: InFlight;
  /** The run will go on later from a checkpoint: what is open stays open. */
  readonly isSuspended: () => boolean;
}

export class SegmentRunner implements Target {
  readonly name: string;
  readonly #segment: Segment;
  readonly #leaves: readonly Target[];
  readonly #environment: SegmentEnvironment;
  readonly #clock: Clock;
  /** Per operator, events that made it throw. */
  readonly #failed = new Map<string, number>();
  #openInputs: number;
  #timer: { readonly at: number; readonly handle: Timer } | undefined;
  #isOver = false;

  constructor(
    name: string,
    segment: Segment,
    leaves: readonly Target[],
    environment: SegmentEnvironment,
    inputs: number,
  ) {
    this.name = name;
    this.#segment = segment;
    this.#leaves = leaves;
    this.#environment = environment;
    this.#clock = environment.scheduler;
    this.#openInputs = inputs;
  }

  write({ events, start, end, bytes, origin }: Slice): undefined | Promise<void> {
    this.tick(this.#clock.wall());
    const hasOutput = this.run(events, start, end, origin.partition);
    const blocked = hasOutput ? this.forward(origin, bytes, end - start) : undefined;
    origin.release();
    return blocked;
  }

  /** Tells the time, epoch ms. `run` must follow: it hands on what falls due. */
  tick(wallMs: number): void {
    this.#segment.tick(wallMs);
  }

  /**
   * Runs events through the segment, without an origin as yet: most batches of a flow that filters and aggregates end here.
   *
   * @returns whether something came out: then `forward` must follow
   */
  run(events: readonly unknown[], start: number, end: number, partition: string, keys?: KeyColumn): boolean {
    this.#segment.process(events, start, end, partition, keys);
    this.#armTimer();
    return this.#segment.hasOutput;
  }

  /** `run` in three parts, for batches of a partition up to the first that something comes out of. */
  enter(partition: string): void {
    this.#segment.enter(partition);
  }

  /** @returns whether something came out: then `leave` and `forward` must follow */
  pass(events: readonly unknown[], keys?: KeyColumn): boolean {
    this.#segment.pass(events, 0, events.length, keys);
    return this.#segment.hasOutput;
  }

  leave(): void {
    this.#segment.leave();
    this.#armTimer();
  }

  /** Hands on what came out; each part of it holds the origin. @param inputs - events that it came of */
  forward(origin: Origin, bytes: number, inputs: number): undefined | Promise<void> {
    let blocked: undefined | Promise<void>;
    for (let i = 0; i < this.#leaves.length; i += 1) {
      const events = this.#segment.take(i);
      if (events === undefined) continue;
      const share = Math.min(1, events.length / Math.max(1, inputs));
      origin.retain();
      const slice: Slice = { events, start: 0, end: events.length, bytes: Math.ceil(bytes * share), origin };
      blocked = both(blocked, (this.#leaves[i] as Target).write(slice));
    }
    const failures = this.#segment.takeFailures();
    if (failures !== undefined) for (const failure of failures) this.#report(failure, origin);
    return blocked;
  }

  /** The partition has ended: it no longer holds back event time. */
  endPartition(partition: string): void {
    if (this.#isOver) return;
    this.#segment.endPartition(partition, this.#environment.scheduler.wall());
    this.#forwardOwn();
  }

  close(): void {
    this.#openInputs -= 1;
    if (this.#openInputs > 0 || this.#isOver) return;
    if (!this.#environment.isSuspended()) {
      this.#segment.end();
      this.#forwardOwn();
    }
    this.stop();
    for (const leaf of this.#leaves) leaf.close();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.handle.cancel();
  }

  /** The segment's state; between two batches. */
  get state(): Pick<Segment, 'snapshot' | 'restore' | 'unstorable'> {
    return this.#segment;
  }

  /** The state was restored: what is due by now comes out. */
  resume(): void {
    this.#armTimer();
  }

  counters(): readonly OperatorCounters[] {
    return this.#segment.counters();
  }

  patterns(): ReadonlyMap<string, LivePatterns> {
    return this.#segment.patterns();
  }

  failuresOf(operator: string): number {
    return this.#failed.get(operator) ?? 0;
  }

  /** Outputs that answer no batch: timers, ended partitions, the end of input. */
  #forwardOwn(): void {
    const acceptedAt = this.#environment.scheduler.now();
    const { inFlight } = this.#environment;
    inFlight.opened();
    const origin = new Origin(this.name, 0, 0, acceptedAt, (settled) => inFlight.settled(settled));
    void this.forward(origin, OWN_OUTPUT_BYTES, 1);
    origin.release();
    this.#armTimer();
  }

  #report({ operator, event, cause }: Failure, origin: Origin): void {
    this.#failed.set(operator, this.failuresOf(operator) + 1);
    const error = new OperatorError({ flow: this.#environment.flow, operator }, cause);
    deadLetterEvent(event, origin, operator, error, this.#environment);
  }

  #armTimer(): void {
    const at = this.#segment.nextTickMs;
    if (at < Infinity && !this.#isOver && !(this.#timer !== undefined && this.#timer.at <= at)) this.#arm(at);
  }

  /** Apart from the above, where its closure would cost an allocation per batch. */
  #arm(at: number): void {
    this.#timer?.handle.cancel();
    const { scheduler } = this.#environment;
    const handle = scheduler.after(Math.max(0, at - scheduler.wall()), () => {
      this.#timer = undefined;
      this.#segment.tick(scheduler.wall());
      this.#forwardOwn();
    });
    this.#timer = { at, handle };
  }
}

/** What outputs without an input batch count for in bytes on the edges that follow: a guess, per batch. */
const OWN_OUTPUT_BYTES = 1024;
