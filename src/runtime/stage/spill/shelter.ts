/**
 * What a stage has got and cannot confirm, because its target is away: copied to the log, so that a checkpoint need not wait for
 * it. A run that goes on from the checkpoint gets the copies before all else; this one passes over them.
 *
 * Invariants (spill.test.ts)
 * - It serves as long as the stage holds exactly what was copied: an event that ended meanwhile is not there twice, one that
 *   came is not missing.
 */

import type { Slice } from '../../../event/batch.ts';
import type { SpillLog } from './spill-store.ts';

/** In the log. */
export interface Copies {
  readonly range: readonly [number, number];
  readonly events: number;
  readonly bytes: number;
}

export class Shelter {
  readonly #log: SpillLog;
  readonly #encode: (slice: Slice) => readonly Uint8Array[];
  #written: { readonly held: readonly Slice[]; readonly copies: Copies } | undefined;
  #writing: Promise<void> | undefined;

  constructor(log: SpillLog, encode: (slice: Slice) => readonly Uint8Array[]) {
    this.#log = log;
    this.#encode = encode;
  }

  /** Resolves once the copies are durable, or those of before serve. */
  write(held: readonly Slice[], read: number): Promise<void> {
    if (this.#writing !== undefined) return this.#writing; // the disk may be full: one at a time
    const copies = this.copiesOf(held);
    // Behind what has been read they would keep the log from giving room back.
    if (held.length === 0 || (copies !== undefined && copies.range[0] > read)) return Promise.resolve();
    this.#writing = this.#write(held).finally(() => (this.#writing = undefined));
    return this.#writing;
  }

  /** Where they are, if they are of exactly these. */
  copiesOf(held: readonly Slice[]): Copies | undefined {
    return this.#written !== undefined && isSame(this.#written.held, held) ? this.#written.copies : undefined;
  }

  async #write(held: readonly Slice[]): Promise<void> {
    const payloads = held.flatMap(this.#encode);
    const last = await this.#log.append(payloads);
    const events = held.reduce((sum, { start, end }) => sum + end - start, 0);
    const bytes = payloads.reduce((sum, { length }) => sum + length, 0);
    this.#written = { held, copies: { range: [last - payloads.length + 1, last], events, bytes } };
  }
}

function isSame(some: readonly Slice[], others: readonly Slice[]): boolean {
  return some.length === others.length && some.every((slice, i) => isSameSlice(slice, others[i] as Slice));
}

function isSameSlice(one: Slice, other: Slice): boolean {
  const length = one.end - one.start;
  if (one.origin !== other.origin || length !== other.end - other.start) return false;
  for (let i = 0; i < length; i += 1) if (one.events[one.start + i] !== other.events[other.start + i]) return false;
  return true;
}
