/**
 * Checkpoints of a run: where it stood at moments at which nothing was on its way, and going on from there.
 *
 * What a stage that spills cannot confirm, because its target is away, is not waited for: it is copied to the spill, and counts as
 * not begun (ADR 14). Intake is held, and what would be read back from disk (`whenSlow: 'spill'`); what is on its way is confirmed by every
 * sink, sinks make durable what they wrote, and state and offsets are copied at one instant. A barrier through the stages
 * would not hold intake, and could not say where a sink stands; what it costs instead is one latency of the flow per
 * checkpoint.
 *
 * Invariants (checkpoints.test.ts)
 * - State, offsets and positions of sinks are those of one moment: an event is in all of them or in none.
 * - Nothing is acknowledged to a source that replays before the checkpoint after the next is durable, so that the older
 *   of the two that are kept can serve as well.
 * - There is one before the first event.
 * - A run in which a batch was rejected takes none: its state holds what was never confirmed.
 * - Where outputs are committed with it, they are those of the same moment, and a run that cannot commit them fails
 *   (committed-outputs.test.ts).
 */

import type { SinkWriter } from '../../event/sink.ts';
import type { SinkTransaction } from '../../event/transaction.ts';
import type { SegmentState } from '../../fusion/segment-state.ts';
import type { Checkpoint, CheckpointStore } from '../../state/checkpoint.ts';
import { StateError } from '../../state/stored.ts';
import { ConnectorError, messageOf } from '../../errors/errors.ts';
import type { Scheduler, Timer } from '../../time/clock.ts';
import type { InFlight } from '../intake/in-flight.ts';
import type { StageEnvironment } from '../stage/stage.ts';
import type { Spill } from '../stage/spill/spill.ts';
import type { Spills } from '../stage/spill/spills.ts';
import type { Topology } from './topology.ts';

export interface CheckpointsOptions {
  readonly flow: string;
  readonly store: CheckpointStore;
  readonly everyMs: number;
  readonly scheduler: Scheduler;
  readonly inFlight: InFlight;
  /** None is taken now, but the one before the first event. */
  readonly isPaused: () => boolean;
  readonly notice: StageEnvironment['notice'];
  readonly fatal: StageEnvironment['fatal'];
}

/** A checkpoint that is being written. */
interface Begun {
  readonly checkpoint: Checkpoint;
  readonly written: Promise<void>;
}

/** Longest wait for a quiet moment at first; doubles each time that it was too short. */
const FIRST_QUIET_MS = 1_000;
const MAX_QUIET_MS = 60_000;
/** A call that takes longer than this may take for ever: what its stage holds is written to its spill. */
const PATIENCE_MS = 500;
/** How often it is looked whether nothing else is on its way. */
const LOOK_MS = 20;

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #topology: Topology = { ingests: [], segments: [], stages: [] };
  #writers: ReadonlyMap<string, SinkWriter<never>> = new Map();
  #spills: Spills = new Map();
  /** Those whose stages need not come to rest: where a sink stands is not known while it writes. */
  #shelters: readonly Spill[] = [];
  /** Why there was no checkpoint. */
  #failure: { readonly cause: unknown } | undefined;
  #wasSheltered = false;
  #before: Checkpoint | undefined;
  #timer: Timer | undefined;
  #taking: Promise<boolean> | undefined;
  #quietMs = FIRST_QUIET_MS;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  /** @returns where to go on @throws StateError when it belongs to another flow */
  async open(): Promise<Checkpoint | undefined> {
    const { flow, store, notice } = this.#options;
    const checkpoint = await store.open((message) => notice('warn', message));
    if (checkpoint !== undefined && checkpoint.flow !== flow) {
      throw new StateError(
        `the place of the checkpoints holds the state of flow ${checkpoint.flow}, not of ${flow}: ${store.toBeginAnew}`,
      );
    }
    this.#before = checkpoint;
    return checkpoint;
  }

  /** What sinks write to, where it is committed with the next checkpoint. Once open. */
  get transaction(): SinkTransaction | undefined {
    return this.#options.store.transaction;
  }

  /** Before the first event. @throws StateError when the flow keeps what cannot be stored, or the state does not fit */
  attach(topology: Topology, writers: ReadonlyMap<string, SinkWriter<never>>, spills: Spills): void {
    this.#topology = topology;
    this.#writers = writers;
    this.#spills = spills;
    this.#shelters = [...spills.values()].filter(({ stage }) => {
      const writer = writers.get(stage);
      return writer === undefined || (writer.position === undefined && this.transaction === undefined);
    });
    const unstorable = topology.segments.flatMap(({ state }) => state.unstorable());
    if (unstorable.length > 0) {
      throw new StateError(`the state of ${unstorable.join(', ')} cannot be stored: run the flow without data`);
    }
    if (this.#before !== undefined) this.#restore(this.#before);
  }

  /**
   * Before the first event: where the sinks stand, so that what a run wrote before its first checkpoint is taken back too.
   *
   * @throws StateError where that cannot be kept
   */
  async begin(): Promise<void> {
    if (this.#before === undefined && !(await this.take()) && this.#failure !== undefined && this.#goesBack()) {
      const cause = messageOf(this.#failure.cause);
      throw new StateError(
        `where the sinks stand cannot be kept, so a crash would leave what they write twice: ${cause}`,
      );
    }
    this.#next();
  }

  #goesBack(): boolean {
    return [...this.#writers.values()].some(({ position }) => position !== undefined);
  }

  #next(): void {
    this.#timer = this.#options.scheduler.after(this.#options.everyMs, () => {
      void this.take().finally(() => {
        if (this.#timer !== undefined) this.#next();
      });
    });
  }

  /** @returns whether one was taken; not while it is paused, batches are rejected, or nothing comes to rest */
  take(): Promise<boolean> {
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  /** The run has ended and its sinks are still open. */
  async finish(): Promise<void> {
    const wasTaken = await this.#takeLast();
    if (wasTaken || this.transaction === undefined) return;
    this.#options.fatal(new ConnectorError(this.#options.flow, 'the last outputs are not committed'));
  }

  /**
   * The run takes in no more, and will not end by itself: a target is away.
   * @returns whether all that is on its way is durable, so that a later run goes on with it
   */
  async letGo(): Promise<boolean> {
    return this.#shelters.length > 0 && (await this.#takeLast());
  }

  /** Whatever became of the run. */
  async close(): Promise<void> {
    this.#stop();
    await this.#taking;
    await this.#options.store.close();
  }

  async #takeLast(): Promise<boolean> {
    this.#stop();
    await this.#taking;
    return this.take();
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #restore(checkpoint: Checkpoint): void {
    const { ingests, segments } = this.#topology;
    const unknown = [...checkpoint.sources.keys()].filter((name) => !ingests.some((ingest) => ingest.name === name));
    const gone = [...checkpoint.segments.keys()].filter((name) => !segments.some((segment) => segment.name === name));
    const first = [...unknown, ...gone][0];
    if (first !== undefined) {
      throw new StateError(
        `there is stored state of ${first}, which the flow does not have any more: ${this.#options.store.toBeginAnew}`,
      );
    }
    for (const segment of segments) {
      const state = checkpoint.segments.get(segment.name);
      if (state !== undefined) segment.state.restore(state as SegmentState);
      segment.resume();
    }
    for (const ingest of ingests) ingest.resumed(checkpoint.sources.get(ingest.name) ?? new Map());
    this.#options.notice('info', `goes on from the checkpoint of ${new Date(checkpoint.at).toISOString()}`);
  }

  async #take(): Promise<boolean> {
    const { inFlight, isPaused } = this.#options;
    if (inFlight.hasRejected || (this.#before !== undefined && isPaused())) return false;
    const begun = await this.#begin();
    if (begun === undefined) return false;
    try {
      await begun.written;
    } catch (cause) {
      this.#failed(cause);
      return false;
    }
    this.#commit(begun.checkpoint);
    return true;
  }

  /** Intake is held only until a checkpoint is copied. */
  async #begin(): Promise<Begun | undefined> {
    const { ingests } = this.#topology;
    for (const ingest of ingests) ingest.hold();
    for (const spill of this.#spills.values()) spill.hold();
    try {
      return await this.#capture();
    } catch (cause) {
      this.#failed(cause);
      return undefined;
    } finally {
      for (const spill of this.#spills.values()) spill.release();
      for (const ingest of ingests) ingest.release();
    }
  }

  #failed(cause: unknown): void {
    this.#failure = { cause };
    if (this.transaction === undefined) this.#options.notice('warn', `no checkpoint: ${messageOf(cause)}`);
    else this.#options.fatal(cause);
  }

  #commit(checkpoint: Checkpoint): void {
    for (const ingest of this.#topology.ingests) ingest.committed(this.#before?.sources.get(ingest.name) ?? new Map());
    for (const [stage, position] of this.#before?.spills ?? []) this.#spills.get(stage)?.committed(position);
    for (const spill of this.#spills.values()) spill.taken();
    this.#before = checkpoint;
  }

  /** @returns undefined where nothing came to rest in time */
  async #capture(): Promise<Begun | undefined> {
    const { inFlight, scheduler, flow, store } = this.#options;
    const until = scheduler.now() + this.#quietMs;
    for (;;) {
      if (!(await this.#atRest(until))) {
        this.#quietMs = Math.min(MAX_QUIET_MS, this.#quietMs * 2);
        return undefined;
      }
      const { begun } = inFlight;
      const sinks = await this.#positions();
      if (inFlight.begun !== begun || !this.#isAtRest()) continue; // a window closed by time meanwhile, or a call ended
      this.#quietMs = FIRST_QUIET_MS;
      this.#wasSheltered = !inFlight.isQuiet;
      const { ingests, segments } = this.#topology;
      const sources = new Map(ingests.flatMap((ingest) => pairOf(ingest.name, ingest.reached())));
      const states = new Map(segments.map((segment) => [segment.name, segment.state.snapshot()]));
      const spills = new Map([...this.#spills].map(([stage, spill]) => [stage, spill.position()]));
      const checkpoint = { flow, at: scheduler.wall(), sources, segments: states, sinks, spills };
      return { checkpoint, written: store.write(checkpoint) };
    }
  }

  /** Until nothing is on its way but what is sheltered. @returns whether that is so */
  async #atRest(until: number): Promise<boolean> {
    const { inFlight, scheduler } = this.#options;
    const patientUntil = scheduler.now() + (this.#wasSheltered ? 0 : PATIENCE_MS);
    while (!this.#isAtRest()) {
      const leftMs = until - scheduler.now();
      if (leftMs <= 0 || inFlight.hasRejected) return false;
      if (this.#shelters.length === 0) await this.#rest(leftMs);
      else if (scheduler.now() < patientUntil || !this.#isOnlyHeld()) await this.#rest(Math.min(leftMs, LOOK_MS));
      else await this.#sheltered(leftMs);
    }
    return true;
  }

  #isAtRest(): boolean {
    const { inFlight } = this.#options;
    if (inFlight.isQuiet || inFlight.hasRejected) return inFlight.isQuiet && !inFlight.hasRejected;
    return this.#shelters.length > 0 && this.#shelters.every(({ isSheltered }) => isSheltered) && this.#isOnlyHeld();
  }

  /** Nothing is on its way but what stages hold that spill. */
  #isOnlyHeld(): boolean {
    return this.#options.inFlight.isQuietBut(this.#shelters.flatMap((spill) => spill.held()));
  }

  /** Copies what such stages hold. A disk that is full has until the limit. */
  async #sheltered(limitMs: number): Promise<void> {
    const { scheduler } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const timer = scheduler.after(limitMs, resolve);
      Promise.all(this.#shelters.map((spill) => spill.shelter()))
        .then(() => resolve(), reject)
        .finally(() => timer.cancel());
    });
  }

  /** Until nothing is on its way, at most so long. */
  #rest(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.scheduler.after(Math.max(0, limitMs), resolve);
      void this.#options.inFlight.whenQuiet().then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  async #positions(): Promise<Map<string, unknown>> {
    const positions = new Map<string, unknown>();
    for (const [name, writer] of this.#writers) {
      if (writer.position !== undefined) positions.set(name, await writer.position());
    }
    return positions;
  }
}

function pairOf<T>(name: string, value: T | undefined): [string, T][] {
  return value === undefined ? [] : [[name, value]];
}
