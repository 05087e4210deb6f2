/**
 * The entrance of a stage that can wait: its edge, the promise that writers wait on, and the policy
 * for a full edge: `block`, `drop`, or a spill that takes what does not fit.
 *
 * Invariants
 * - At most one pending promise, shared by all writers; it resolves at half of the bounds, as soon as less is
 *   left than a call takes, or at once when the stage stops.
 * - `drop` never blocks a writer: what does not fit is released and counted.
 * - A spill takes all that waits, so that what stays in memory is soon done; it blocks writers only while it is full.
 */

import { Edge, type Taken } from '../../buffer/edge.ts';
import type { Slice } from '../../event/batch.ts';
import type { Clock } from '../../time/clock.ts';
import type { StageSettings } from '../../control/settings.ts';
import type { SpillSnapshot } from '../../metrics/snapshot.ts';
import type { Spill } from './spill/spill.ts';

export type OverflowPolicy = 'block' | 'drop' | Spill;

/** What an inlet needs of its stage. */
export interface InletStage {
  /** Events were read back, or there is nothing left to wait for. */
  readonly changed: () => void;
  /** What was taken and has not been handed on, in the order in which it was taken. */
  readonly underWay: () => readonly Slice[];
}

/** Read back ahead of the calls, in calls' worth: enough that none waits for the disk. */
const ROUNDS_AHEAD = 2;

export class Inlet {
  readonly #clock: Clock;
  readonly #policy: OverflowPolicy;
  readonly #settings: () => StageSettings;
  readonly #spill: Spill | undefined;
  #isFirst = true;
  readonly #edge = new Edge();
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  #isStopped = false;
  /** Since when writers are held back, or what they write is dropped; undefined: there is room. */
  #fullSince: number | undefined;
  #fullMs = 0;
  #outsideMs = 0;
  #releasedAt = -Infinity;
  arrived = 0;
  /** Sum of squares of the events that came together. */
  togetherSquared = 0;
  dropped = 0;

  constructor(clock: Clock, settings: () => StageSettings, policy: OverflowPolicy, { changed, underWay }: InletStage) {
    this.#clock = clock;
    this.#settings = settings;
    this.#policy = policy;
    this.#spill = typeof policy === 'object' ? policy : undefined;
    this.#spill?.attach({
      isWanting: () => this.#isWanting(),
      held: () => [...underWay(), ...this.#edge.slices()],
      take: (slice) => {
        this.#edge.push(slice);
        changed();
      },
      changed: () => {
        this.#checkRoom();
        changed();
      },
    });
  }

  /** In memory: what can be taken. */
  get events(): number {
    return this.#edge.events;
  }

  /** In memory and on disk. */
  get backlogEvents(): number {
    return this.#edge.events + (this.#spill?.events ?? 0);
  }

  get backlogBytes(): number {
    return this.#edge.bytes + (this.#spill?.bytes ?? 0);
  }

  get spilled(): SpillSnapshot | undefined {
    return this.#spill?.snapshot();
  }

  get oldestAcceptedAt(): number | undefined {
    return this.#edge.oldestAcceptedAt ?? this.#spill?.oldestAcceptedAt;
  }

  get newestAcceptedAt(): number | undefined {
    return this.#edge.newestAcceptedAt;
  }

  /** For how long the event that filled the edge last had waited outside, ms; undefined: nobody was held back since `since`. */
  outsideMs(since: number): number | undefined {
    return this.#room !== undefined || this.#releasedAt > since ? this.#outsideMs : undefined;
  }

  /** Nothing is left that the stage would get in this run. */
  get isDone(): boolean {
    return this.#edge.events === 0 && this.#spill?.isDone !== false;
  }

  /** Time from a full edge until there was room again, ms, up to now. */
  get fullMs(): number {
    return this.#fullMs + (this.#fullSince === undefined ? 0 : this.#clock.now() - this.#fullSince);
  }

  offer(slice: Slice): void {
    const events = slice.end - slice.start;
    this.arrived += events;
    this.togetherSquared += events * events;
    if (this.#isStopped) {
      slice.origin.reject(undefined);
    } else if (this.#policy === 'drop' && this.#edge.isFull(this.#settings())) {
      this.dropped += events;
      this.#fullSince ??= this.#clock.now();
      slice.origin.release();
    } else if (this.#spill !== undefined) {
      this.#offerTo(this.#spill, slice);
    } else {
      this.#edge.push(slice);
    }
  }

  /** What a writer waits for; undefined while there is room. */
  whenRoom(): undefined | Promise<void> {
    if (this.#room !== undefined) return this.#room.promise;
    if (this.#isStopped || this.#policy === 'drop' || !this.#isFull()) return undefined;
    let resolve!: () => void;
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    const since = this.#clock.now();
    this.#room = { promise, resolve };
    this.#fullSince = since;
    this.#outsideMs = since - (this.#edge.newestAcceptedAt ?? since);
    this.#spill?.roomChecked(() => this.#checkRoom());
    return promise;
  }

  take(limit: number): Taken | undefined {
    const taken = this.#edge.take(limit);
    this.#hasTaken();
    return taken;
  }

  /** At most `limit` events of one origin, without a copy. */
  takePart(limit: number): Slice | undefined {
    const part = this.#edge.takePart(limit);
    this.#hasTaken();
    return part;
  }

  /** Rejects what is queued and lets waiting writers go. */
  stop(cause: unknown): void {
    this.#isStopped = true;
    this.#spill?.stop(cause);
    this.#edge.clear((slice) => slice.origin.reject(cause));
    this.#release();
  }

  #offerTo(spill: Spill, slice: Slice): void {
    if (this.#isFirst) spill.check(slice.events[slice.start]);
    this.#isFirst = false;
    const isOverflowing = spill.isActive || this.#edge.isFull(this.#settings());
    if (!isOverflowing) {
      this.#edge.push(slice);
      return;
    }
    if (!spill.isActive) this.#edge.clear((queued) => spill.add(queued));
    spill.add(slice);
  }

  #hasTaken(): void {
    if (this.#spill !== undefined) this.#spill.wanted();
    else if (this.#fullSince !== undefined && this.#hasRoom()) this.#release();
  }

  #hasRoom(): boolean {
    const settings = this.#settings();
    return this.#edge.hasRoom(settings, settings.batchLimit);
  }

  #isFull(): boolean {
    return this.#spill === undefined ? this.#edge.isFull(this.#settings()) : this.#spill.isFull(this.#settings());
  }

  /** A spill reads back no more than is soon begun: a checkpoint waits for what is in memory. */
  #isWanting(): boolean {
    const { batchLimit, concurrency, edgeEvents } = this.#settings();
    const ahead = Math.min(edgeEvents, ROUNDS_AHEAD * batchLimit * concurrency);
    return this.#edge.events < ahead && !this.#edge.isFull(this.#settings());
  }

  #checkRoom(): void {
    if (this.#room === undefined) return;
    if (this.#isFull()) this.#spill?.roomChecked(() => this.#checkRoom());
    else this.#release();
  }

  #release(): void {
    if (this.#fullSince === undefined) return;
    const now = this.#clock.now();
    this.#fullMs += now - this.#fullSince;
    this.#fullSince = undefined;
    if (this.#room === undefined) return;
    this.#releasedAt = now;
    this.#room.resolve();
    this.#room = undefined;
  }
}
