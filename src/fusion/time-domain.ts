/**
 * Watermarks, and who wants to be woken by them.
 *
 * Invariants
 * - A watermark never falls.
 * - `next` is never later than the earliest time that any collector of this domain, or of one that follows it, asked for.
 */

import type { Collector, TimeDomain } from '../operator/operator.ts';

export class Domain {
  readonly kind: TimeDomain['kind'];
  /** Written by the loops, per event. */
  watermark: number = -Infinity;
  /** The loops compare this with the watermark, per event. */
  next: number = Infinity;
  readonly alarms: Alarm[] = [];
  /** A step or collector lives by this domain; without one its watermark is not kept. */
  isRead = false;
  /** A domain below follows this one: outputs run through before the watermark passes, event by event. */
  isFollowed = false;
  /** The domain whose watermark this one follows. */
  readonly #parent: Domain | undefined;

  constructor(kind: TimeDomain['kind'], parent?: Domain) {
    this.kind = kind;
    this.#parent = parent;
  }

  raise(watermarkMs: number): void {
    if (watermarkMs > this.watermark) this.watermark = watermarkMs;
  }

  /** Somebody wants to be woken at `timeMs`. */
  lower(timeMs: number): void {
    if (timeMs >= this.next) return;
    this.next = timeMs;
    this.#parent?.lower(timeMs);
  }

  /** Finds `next` again after some have been woken. */
  reset(): void {
    let next = Infinity;
    for (const alarm of this.alarms) {
      if (alarm.atMs < next) next = alarm.atMs;
      const below = alarm.follower;
      if (below !== undefined && below.next < next) next = below.next;
    }
    this.next = next;
  }

  end(): void {
    this.watermark = Infinity;
    this.next = Infinity;
  }
}

/** What a collector sees of its domain: the watermark, and one time to be woken at. */
export class Alarm implements TimeDomain {
  readonly kind: TimeDomain['kind'];
  atMs: number = Infinity;
  collector: Collector | undefined;
  /** Inherits event time from the collector's port 0. */
  follower: Domain | undefined;
  readonly domain: Domain;

  constructor(domain: Domain) {
    this.kind = domain.kind;
    this.domain = domain;
  }

  get watermark(): number {
    return this.domain.watermark;
  }

  wakeAt(timeMs: number): void {
    if (timeMs >= this.atMs) return;
    this.atMs = timeMs;
    this.domain.lower(timeMs);
  }
}

/** What a step sees of its domain: a step has nothing to wake, so asking does nothing. */
export class TimeView implements TimeDomain {
  readonly kind: TimeDomain['kind'];
  readonly #domain: Domain;

  constructor(domain: Domain) {
    this.kind = domain.kind;
    this.#domain = domain;
  }

  get watermark(): number {
    return this.#domain.watermark;
  }

  wakeAt(): void {
    // Nothing to wake.
  }
}
