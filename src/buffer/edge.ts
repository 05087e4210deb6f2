/**
 * The bounded queue in front of a stage that can wait.
 *
 * Invariants
 * - Order is kept; every event leaves exactly once (edge.test.ts).
 * - Full when either bound is reached; it then still takes the batch in hand, so it holds at most
 *   its bound plus one batch per writer.
 * - A queued slice holds one reference to its origin; a taken part holds one of its own.
 */

import type { Slice } from '../event/batch.ts';
import type { Origin } from '../event/origin.ts';

export interface EdgeCapacity {
  readonly edgeEvents: number;
  readonly edgeBytes: number;
}

/** Events of one origin within a call. */
export interface Part {
  readonly origin: Origin;
  readonly events: number;
}

/** What one call of a stage works on. The array may be shared: never written to. */
export interface Taken {
  readonly events: readonly unknown[];
  readonly parts: readonly Part[];
  readonly bytes: number;
  /** Monotonic ms at which the oldest of them was accepted. */
  readonly acceptedAt: number;
}

/** A class because V8 may build a literal with a time in it by a slow path, 0.5 us per batch (bench:engine, iv). */
class TakenEvents implements Taken {
  readonly events: readonly unknown[];
  readonly parts: readonly Part[];
  readonly bytes: number;
  readonly acceptedAt: number;

  constructor(events: readonly unknown[], parts: readonly Part[], bytes: number, acceptedAt: number) {
    this.events = events;
    this.parts = parts;
    this.bytes = bytes;
    this.acceptedAt = acceptedAt;
  }
}

class SlicePart implements Slice {
  readonly events: readonly unknown[];
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
  readonly origin: Origin;

  constructor({ events, origin }: Slice, start: number, end: number, bytes: number) {
    this.events = events;
    this.start = start;
    this.end = end;
    this.bytes = bytes;
    this.origin = origin;
  }
}

/** The parts of what was taken, as they were on the edge. */
export function slicesOf({ events, parts, bytes }: Taken): Slice[] {
  let end = 0;
  return parts.map(({ origin, events: count }) => {
    const start = end;
    end += count;
    return { events, start, end, bytes: Math.floor((bytes * count) / Math.max(1, events.length)), origin };
  });
}

const INITIAL_SLOTS = 16;

export class Edge {
  #ring: (Slice | undefined)[] = new Array<Slice | undefined>(INITIAL_SLOTS).fill(undefined);
  #head = 0;
  #slices = 0;
  #events = 0;
  #bytes = 0;

  get events(): number {
    return this.#events;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Monotonic ms at which the oldest queued event was accepted; undefined when empty. */
  get oldestAcceptedAt(): number | undefined {
    return this.#ring[this.#head]?.origin.acceptedAt;
  }

  /** The same of the newest. */
  get newestAcceptedAt(): number | undefined {
    return this.#ring[(this.#head + this.#slices - 1) & (this.#ring.length - 1)]?.origin.acceptedAt;
  }

  isFull(capacity: EdgeCapacity): boolean {
    return this.#events >= capacity.edgeEvents || this.#bytes >= capacity.edgeBytes;
  }

  /** Low enough again for writers to go on: half of the bounds, or fewer events than a call of `batch` takes. */
  hasRoom({ edgeEvents, edgeBytes }: EdgeCapacity, batch: number): boolean {
    const isLow = this.#events <= edgeEvents / 2 || this.#events < Math.min(edgeEvents, batch);
    return isLow && this.#bytes <= edgeBytes / 2;
  }

  /** The slice's reference to its origin passes to the edge. */
  push(slice: Slice): void {
    if (this.#slices === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#slices) & (this.#ring.length - 1)] = slice;
    this.#slices += 1;
    this.#events += slice.end - slice.start;
    this.#bytes += slice.bytes;
  }

  /** Takes up to `limit` events from the front; undefined when empty. One whole slice is passed on without a copy. */
  take(limit: number): Taken | undefined {
    const head = this.#ring[this.#head];
    if (head === undefined) return undefined;
    const size = head.end - head.start;
    const takesOneWholeSlice = size === head.events.length && (size === limit || (size < limit && this.#slices === 1));
    return takesOneWholeSlice ? this.#takeWhole(head) : this.#gather(head.origin.acceptedAt, limit);
  }

  /** Takes what fits of the first slice, without a copy; undefined when empty. The part's reference passes to the caller. */
  takePart(limit: number): Slice | undefined {
    const slice = this.#ring[this.#head];
    if (slice === undefined) return undefined;
    const count = Math.min(limit, slice.end - slice.start);
    const bytes = this.#takeFrom(slice, count);
    return count === slice.end - slice.start ? slice : new SlicePart(slice, slice.start, slice.start + count, bytes);
  }

  /** What is queued, in order. */
  slices(): Slice[] {
    const mask = this.#ring.length - 1;
    return Array.from({ length: this.#slices }, (_, i) => this.#ring[(this.#head + i) & mask] as Slice);
  }

  /** Empties the edge, handing each slice to `discard`, which disposes of its origin. */
  clear(discard: (slice: Slice) => void): void {
    for (let slice = this.#ring[this.#head]; slice !== undefined; slice = this.#ring[this.#head]) {
      this.#pop(slice);
      discard(slice);
    }
  }

  #takeWhole(slice: Slice): Taken {
    this.#pop(slice);
    const { events, origin, bytes } = slice;
    return new TakenEvents(events, [{ origin, events: events.length }], bytes, origin.acceptedAt);
  }

  #gather(acceptedAt: number, limit: number): Taken {
    const events: unknown[] = [];
    const parts: Part[] = [];
    let bytes = 0;
    for (
      let slice = this.#ring[this.#head];
      slice !== undefined && events.length < limit;
      slice = this.#ring[this.#head]
    ) {
      const count = Math.min(limit - events.length, slice.end - slice.start);
      for (let i = slice.start; i < slice.start + count; i += 1) events.push(slice.events[i]);
      bytes += this.#takeFrom(slice, count);
      parts.push({ origin: slice.origin, events: count });
    }
    return new TakenEvents(events, parts, bytes, acceptedAt);
  }

  /** Removes `count` events from the head slice. @returns their share of its bytes */
  #takeFrom(slice: Slice, count: number): number {
    const size = slice.end - slice.start;
    if (count === size) {
      this.#pop(slice);
      return slice.bytes;
    }
    const bytes = Math.floor((slice.bytes * count) / size);
    slice.origin.retain();
    this.#ring[this.#head] = new SlicePart(slice, slice.start + count, slice.end, slice.bytes - bytes);
    this.#events -= count;
    this.#bytes -= bytes;
    return bytes;
  }

  #pop(slice: Slice): void {
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#slices -= 1;
    this.#events -= slice.end - slice.start;
    this.#bytes -= slice.bytes;
  }

  #grow(): void {
    const old = this.#ring;
    const mask = old.length - 1;
    const ring = new Array<Slice | undefined>(old.length * 2).fill(undefined);
    for (let i = 0; i < this.#slices; i += 1) ring[i] = old[(this.#head + i) & mask];
    this.#ring = ring;
    this.#head = 0;
  }
}
