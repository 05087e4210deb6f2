/**
 * The entrance of a stage that can wait: its edge, the promise that writers wait on, and the policy
 * for a full edge.
 *
 * Invariants
 * - At most one pending promise, shared by all writers; it resolves at half of the bounds, or at once
 *   when the stage stops.
 * - `drop` never blocks a writer: what does not fit is released and counted.
 */

import { Edge, type Taken } from '../buffer/edge.ts';
import type { Slice } from '../event/batch.ts';
import type { Clock } from '../time/clock.ts';
import type { StageSettings } from '../control/settings.ts';

export type OverflowPolicy = 'block' | 'drop';

export class Inlet {
  readonly #clock: Clock;
  readonly #policy: OverflowPolicy;
  readonly #settings: () => StageSettings;
  readonly #edge = new Edge();
  #room: { readonly promise: Promise<void>; readonly resolve: () => void; readonly since: number } | undefined;
  #isStopped = false;
  #fullMs = 0;
  arrived = 0;
  dropped = 0;

  constructor(clock: Clock, settings: () => StageSettings, policy: OverflowPolicy) {
    this.#clock = clock;
    this.#settings = settings;
    this.#policy = policy;
  }

  get events(): number {
    return this.#edge.events;
  }

  get bytes(): number {
    return this.#edge.bytes;
  }

  get oldestAcceptedAt(): number | undefined {
    return this.#edge.oldestAcceptedAt;
  }

  /** Time in which writers were held back, ms, up to now. */
  get fullMs(): number {
    return this.#fullMs + (this.#room === undefined ? 0 : this.#clock.now() - this.#room.since);
  }

  offer(slice: Slice): void {
    const events = slice.end - slice.start;
    this.arrived += events;
    if (this.#isStopped) {
      slice.origin.reject(undefined);
    } else if (this.#policy === 'drop' && this.#edge.isFull(this.#settings())) {
      this.dropped += events;
      slice.origin.release();
    } else {
      this.#edge.push(slice);
    }
  }

  /** What a writer waits for; undefined while there is room. */
  whenRoom(): undefined | Promise<void> {
    if (this.#room !== undefined) return this.#room.promise;
    if (this.#isStopped || this.#policy === 'drop' || !this.#edge.isFull(this.#settings())) return undefined;
    let resolve!: () => void;
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    this.#room = { promise, resolve, since: this.#clock.now() };
    return promise;
  }

  take(limit: number): Taken | undefined {
    const taken = this.#edge.take(limit);
    if (this.#room !== undefined && this.#edge.hasRoom(this.#settings())) this.#release();
    return taken;
  }

  /** Rejects what is queued and lets waiting writers go. */
  stop(cause: unknown): void {
    this.#isStopped = true;
    this.#edge.clear((slice) => slice.origin.reject(cause));
    this.#release();
  }

  #release(): void {
    if (this.#room === undefined) return;
    this.#fullMs += this.#clock.now() - this.#room.since;
    this.#room.resolve();
    this.#room = undefined;
  }
}
